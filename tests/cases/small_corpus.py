"""A corpus of five folds, with images or without, and options that train on it in a second."""

import numpy as np
import pandas as pd
from cases.synthetic import BANDS, CALENDAR, INDICES, make_pairs

from pimc.pretraining.batches.pairs import NO_FRAME
from pimc.pretraining.corpus import Corpus
from pimc.pretraining.options import BatchOptions, EvaluationOptions, PretrainingOptions
from pimc.signal.series_axes import SeriesAxes

PRETRAINING = PretrainingOptions(
    precision="32-true",
    preset="tiny",
    max_epochs=1,
    steps_per_epoch=2,
    batch=BatchOptions(size=16, patches=4),
    evaluation=EvaluationOptions(batches=1, gallery=16, patches=2),
    objective={"pair": 0.0, "series": 1.0},
    accelerator="cpu",
)


def make_corpus(images: bool = False) -> Corpus:
    """Ten patches, two a fold; a pixel's label is whether its season is high.

    With images each pixel is clear in both frames of its patch.
    """
    data = make_pairs(10, 0)
    series = np.asarray(data.index_series)
    pixels = data.pixels.assign(fold=data.pixels["patch_index"] % 5 + 1)
    pixels["label"] = (series[:, 0].max(axis=1) > 0.55).astype(int)
    pixels["pixel"] = np.arange(len(pixels))
    observed = np.random.default_rng(0).random((len(pixels), CALENDAR.length)) > 0.1
    nothing = np.empty((0, 1, 1, 1), np.int16), np.full((len(pixels), 1), NO_FRAME, np.int32)
    frames, choices = (data.frames, data.frame_choices) if images else nothing
    axes, bands = SeriesAxes(INDICES, CALENDAR), BANDS if images else ()
    return Corpus(series, observed, pd.DataFrame(pixels), frames, choices, axes, bands)
