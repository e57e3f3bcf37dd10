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
from pimc.evaluation.kinds import PIXEL_INPUTS
from pimc.evaluation.peer_files import read_peer
from pimc.evaluation.planning import Task, running_arms
from pimc.evaluation.protocol import split_rotations
from pimc.evaluation.series_task import SeriesEncoders, SeriesTaskOptions
from pimc.evaluation.task_facts import PATCHES, TaskFacts
from pimc.pretraining.corpus import Corpus
from pimc.signal.row_subset import RowSubset

if TYPE_CHECKING:
    from pimc.evaluation.pixel_inputs import PixelInputs

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
        """Pixels that take part, those with a class that counts.

        ``corpus_row`` is the row of each among all (``row`` is that in its patch).
        """
        left_out = {VOID} if self.background else {VOID, BACKGROUND}
        codes = [code for code, name in enumerate(classes) if name not in left_out]
        rows = np.flatnonzero(series_pixels["label"].isin(codes))
        if not rows.size:
            raise ValueError(
                f"classes are told of labelled pixels: {len(series_pixels)} pixels, none "
                f"has a class of {', '.join(classes)}; bring labels, or another task"
            )
        return series_pixels.iloc[rows].reset_index(drop=True).assign(corpus_row=rows)


@dataclass(frozen=True)
class PixelClassificationOptions(SeriesTaskOptions, PixelOptions):
    """What tasks on series and tasks on pixels are told."""


def check_samples(corpus: Corpus, classes: Sequence[str], options: PixelOptions) -> None:
    """Refuse what trained encoders could not score, before they are trained.

    Raises:
        ValueError: if no pixel has a class, an arm cannot read its input, or a file of embeddings
            does not cover the pixels.
    """
    from pimc.evaluation.classify import KINDS

    options.check_arms(KINDS, PIXEL_INPUTS)
    samples = options.samples(corpus.pixels, classes)
    for file in dict.fromkeys(arm.file for arm in running_arms(options) if arm.file):
        read_peer(file, samples, corpus.source_pixels)


def pixel_task(
    name: str,
    corpus: Corpus,
    classes: Sequence[str],
    encoders: SeriesEncoders,
    folds: FoldOptions,
    options: PixelOptions,
) -> Task:
    """The classes of the corpus's labelled pixels, told from their series, bands, embeddings."""
    from pimc.evaluation.classify import KINDS, Classification
    from pimc.evaluation.pixel_inputs import PixelInputs

    protocol = options.protocol
    samples = options.samples(corpus.pixels, classes)
    fold, labels = samples["fold"].to_numpy(), samples["label"].to_numpy()
    rows = samples["corpus_row"].to_numpy()
    series, observed = (np.asarray(each[rows]) for each in (corpus.index_series, corpus.observed))
    of_series = encoders.untrained(corpus.axes)
    ground = samples["patch"].to_numpy(), fold
    bands = corpus.band_series
    inputs = PixelInputs(
        series,
        *ground,
        of_series,
        encoders.find,
        options.device,
        observed,
        samples=samples,
        source_pixels=corpus.source_pixels,
        bands=None if bands is None else RowSubset(bands, rows),
    )
    classification = Classification(
        inputs, labels, len(classes), protocol.max_train, options.device, options.seed
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
        PIXEL_INPUTS,
        classification.run,
        split_rotations(fold, np.ones(len(samples), bool), folds, protocol.rotations),
        (facts,),
        partial(_of_input, encoders, inputs),
        encoders.absent(options) | _without_plots(options, encoders),
        encoders.seeds,
    )


def _of_input(encoders: SeriesEncoders, inputs: PixelInputs, run: ArmRun) -> str | None:
    """What a run's result hangs on of encoder, bands and others' embeddings."""
    ours, beside = encoders.digest(run), inputs.digest(run)
    return ours if beside is None else fingerprint(ours, beside)


def _without_plots(options: TaskOptions, encoders: SeriesEncoders) -> dict[str, str]:
    """Controls of plots, where the encoder reads none."""
    if encoders.architecture.widths:
        return {}
    controls = [arm.name for arm in options.arms.values() if arm.source.control]
    return dict.fromkeys(controls, "the encoder reads no plots that they could spoil")
