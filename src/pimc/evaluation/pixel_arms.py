"""Labelled pixels and their task, which pixel classification and the ablation share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.folds import FoldOptions
from pimc.evaluation.arms import ArmRun, TaskOptions
from pimc.evaluation.crop_task import ImageEncoders
from pimc.evaluation.kinds import PIXEL_INPUTS, SERIES_INPUTS
from pimc.evaluation.pixel_crops import PixelCrops, cut_crops
from pimc.evaluation.planning import Task
from pimc.evaluation.protocol import split_rotations
from pimc.evaluation.series_task import SeriesEncoders, SeriesTaskOptions
from pimc.evaluation.task_facts import PATCHES, TaskFacts
from pimc.pretraining.corpus import Corpus

if TYPE_CHECKING:
    from pimc.evaluation.classify import Inputs
    from pimc.evaluation.series_inputs import SeriesInputs

PIXEL_CLASSIFICATION = TaskFacts(
    "pixel_classification",
    "Pixel classification",
    scores=("accuracy", "macro_f1", "miou"),
    drawn=PATCHES,
    series=True,
)

RESULT_VERSION = 2
"""Raise it when the code gives other results from the same data and options."""

VOID, BACKGROUND = "Void", "Background"
"""Classes of PASTIS: void pixels are never scored, background if asked for."""


@dataclass(frozen=True)
class PixelOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and which pixels take part.

    Attributes:
        background: whether the class Background takes part.
    """

    background: bool = True

    def samples(self, series_pixels: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
        """Pixels that take part, those with a class that counts; ``row`` is the row of each."""
        left_out = {VOID} if self.background else {VOID, BACKGROUND}
        codes = [code for code, name in enumerate(classes) if name not in left_out]
        rows = np.flatnonzero(series_pixels["label"].isin(codes))
        if not rows.size:
            raise ValueError(
                f"classes are told of labelled pixels: {len(series_pixels)} pixels, none "
                f"has a class of {', '.join(classes)}; bring labels, or another task"
            )
        return series_pixels.iloc[rows].reset_index(drop=True).assign(row=rows)


@dataclass(frozen=True)
class PixelClassificationOptions(SeriesTaskOptions, PixelOptions):
    """What tasks on series and tasks on pixels are told."""


@dataclass(frozen=True, eq=False)
class PixelEncoders:
    """Encoders that arms on pixels read.

    Attributes:
        series: of their series.
        images: of the crops around them; None where a task has no such arms.
    """

    series: SeriesEncoders
    images: ImageEncoders | None = None

    def cut(self, corpus: Corpus, rows: np.ndarray) -> PixelCrops | None:
        """Crops around some pixels; None where there are none, or nobody reads them."""
        if self.images is None:
            return None
        return cut_crops(corpus.pairs_of(rows), self.images.crop_side, corpus.bands)

    def read_by(self, run: ArmRun, crops: PixelCrops | None) -> str | None:
        """What a run's result hangs on of the encoders, and of the crops where it reads them."""
        series = self.series.digest(run)
        if self.images is None or crops is None or run.arm.source.crops is None:
            return series
        return fingerprint(series, self.images.read_by(run), crops.digest)

    def absent(self, options: TaskOptions, has_images: bool) -> dict[str, str]:
        """Arms that cannot run, and why."""
        of_crops = self.images.absent(options, has_images) if self.images else {}
        return self.series.absent(options) | _without_plots(options, self.series) | of_crops


def pixel_task(
    name: str,
    corpus: Corpus,
    classes: Sequence[str],
    encoders: PixelEncoders,
    folds: FoldOptions,
    options: PixelOptions,
) -> Task:
    """The classes of the corpus's labelled pixels, told from their series and images."""
    from pimc.evaluation.classify import KINDS, Classification
    from pimc.evaluation.series_inputs import SeriesInputs

    protocol = options.protocol
    samples = options.samples(corpus.pixels, classes)
    fold, labels = samples["fold"].to_numpy(), samples["label"].to_numpy()
    rows = samples["row"].to_numpy()
    series, observed = (np.asarray(each[rows]) for each in (corpus.index_series, corpus.observed))
    of_series = encoders.series.untrained(corpus.axes)
    ground, find = (samples["patch"].to_numpy(), fold), encoders.series.find
    inputs = SeriesInputs(series, *ground, of_series, find, options.device, observed)
    crops = encoders.cut(corpus, rows)
    beside = _beside_crops(inputs, crops, encoders.images)
    classification = Classification(
        beside, labels, len(classes), protocol.max_train, options.device, options.seed
    )
    facts = (
        RESULT_VERSION,
        array_digest(series, observed, labels, fold),
        (len(classes), fingerprint(inputs.ground())),
        folds,
        protocol.max_train,
        options.seed,
        of_series,
    )
    return Task(
        name,
        KINDS,
        SERIES_INPUTS if encoders.images is None else PIXEL_INPUTS,
        classification.run,
        split_rotations(fold, np.ones(len(samples), bool), folds, protocol.rotations),
        (facts,),
        partial(encoders.read_by, crops=crops),
        encoders.absent(options, crops is not None),
    )


def _beside_crops(
    series: SeriesInputs, crops: PixelCrops | None, images: ImageEncoders | None
) -> Inputs:
    """Series alone where there are no images or no arms that read them."""
    if images is None or crops is None:
        return series
    from pimc.evaluation.crop_inputs import CropInputs
    from pimc.evaluation.pixel_inputs import PixelInputs

    return PixelInputs(series, CropInputs(crops, images, series.device))


def _without_plots(options: TaskOptions, encoders: SeriesEncoders) -> dict[str, str]:
    """Controls of plots, where the encoder reads none."""
    if encoders.architecture.widths:
        return {}
    controls = [arm.name for arm in options.arms.values() if arm.source.control]
    return dict.fromkeys(controls, "the encoder reads no plots that they could spoil")
