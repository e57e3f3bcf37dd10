"""Labelled pixels and their task, which pixel classification and the ablation share."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.folds import FOLDS, FoldOptions, name_ground
from pimc.evaluation.crop_task import ImageEncoders
from pimc.evaluation.kinds import IMAGED_INPUTS, PIXEL_INPUTS, Input
from pimc.evaluation.peer_files import read_peer
from pimc.evaluation.pixel_crops import PixelCrops, cut_crops
from pimc.evaluation.planning import Task, running_arms
from pimc.evaluation.protocol import split_rotations
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.series_task import COMES_WITH_THE_PACKAGE, SeriesEncoders, SeriesTaskOptions
from pimc.evaluation.task_facts import PATCHES, TaskFacts
from pimc.evaluation.task_options import TaskOptions
from pimc.pretraining.corpus import Corpus
from pimc.signal.row_subset import RowSubset

if TYPE_CHECKING:
    from pimc.evaluation.crop_inputs import CropInputs
    from pimc.evaluation.pixel_inputs import PixelInputs

logger = logging.getLogger(__name__)

PIXEL_CLASSIFICATION = TaskFacts(
    "pixel_classification",
    "Pixel classification",
    scores=("accuracy", "macro_f1", "miou"),
    drawn=PATCHES,
    series=True,
)

RESULT_VERSION = 2
"""Raise it when the code gives other results from the same data and options."""

BACKGROUND = "Background"
"""A class of PASTIS, scored if asked for."""


@dataclass(frozen=True)
class PixelOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and which pixels take part.

    Attributes:
        background: whether the class Background takes part.
        void: name of the class that never does; None where all do.
        in_all_folds: whether a class takes part only where it has samples in each of the five
            folds: of one that lacks in some there is no honest score.
    """

    inputs: ClassVar[Mapping[str, Input]] = PIXEL_INPUTS

    background: bool = True
    void: str | None = "Void"
    in_all_folds: bool = False

    def samples(self, series_pixels: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
        """Pixels that take part, those with a class that counts.

        ``corpus_row`` is the row of each among all (``row`` is that in its patch).
        """
        folds = self.scored_folds(series_pixels, classes)
        codes = [code for code, there in folds.items() if self._is_scored(there)]
        rows = np.flatnonzero(series_pixels["label"].isin(codes))
        if not (series_pixels["label"].isin(folds)).any():
            raise ValueError(
                f"classes are told of labelled pixels: {len(series_pixels)} pixels, none "
                f"has a class of {', '.join(classes)}; bring labels (docs/data.md), or another task"
            )
        if self.in_all_folds and len(codes) < 2:
            raise ValueError(
                "no honest score can be given: at least two classes need labels in each of five "
                "blocks of ground, that a gap sets apart. There are: "
                f"{describe_folds(folds, classes)}. Label more fields, farther apart; a map needs "
                "no more"
            )
        return series_pixels.iloc[rows].reset_index(drop=True).assign(corpus_row=rows)

    def scored_folds(
        self, series_pixels: pd.DataFrame, classes: Sequence[str]
    ) -> dict[int, tuple[int, ...]]:
        """Folds in which each class has samples, by code; void and what was not asked for aside."""
        left_out = {self.void} if self.background else {self.void, BACKGROUND}
        codes = [code for code, name in enumerate(classes) if name not in left_out]
        known = series_pixels[["label", "fold"]].drop_duplicates()
        return {
            code: tuple(sorted(known["fold"][known["label"] == code].tolist())) for code in codes
        }

    def unscored(
        self, series_pixels: pd.DataFrame, classes: Sequence[str]
    ) -> dict[int, tuple[int, ...]]:
        """Classes of which there is no honest score, and the folds that have some, by code."""
        folds = self.scored_folds(series_pixels, classes)
        return {code: there for code, there in folds.items() if not self._is_scored(there)}

    def _is_scored(self, folds: Sequence[int]) -> bool:
        return not self.in_all_folds or set(FOLDS) <= set(folds)


def describe_folds(folds: Mapping[int, Sequence[int]], classes: Sequence[str]) -> str:
    """Classes with the number of folds that have labels of each: ``rice in 2 of 5 folds``."""
    return ", ".join(
        f"{classes[code]} in {len(there)} of {len(FOLDS)} folds" for code, there in folds.items()
    )


@dataclass(frozen=True)
class PixelClassificationOptions(SeriesTaskOptions, PixelOptions):
    """What tasks on series and tasks on pixels are told."""

    inputs: ClassVar[Mapping[str, Input]] = IMAGED_INPUTS

    def __post_init__(self) -> None:
        """Check whose encoders arms name too."""
        super().__post_init__()
        for arm in self.arms.values():
            if arm.encoder not in (None, COMES_WITH_THE_PACKAGE):
                raise ValueError(
                    f"arm {arm.name}: encoder must be {COMES_WITH_THE_PACKAGE} or absent (that of "
                    f"this environment), got {arm.encoder!r}"
                )


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

    def absent(self, options: TaskOptions, has_images: bool) -> dict[str, str]:
        """Arms that cannot run, and why."""
        of_crops = self.images.absent(options, has_images) if self.images else {}
        return self.series.absent(options) | _without_plots(options, self.series) | of_crops


def check_samples(corpus: Corpus, classes: Sequence[str], options: PixelOptions) -> None:
    """Refuse what trained encoders could not score, before they are trained.

    Raises:
        ValueError: if no pixel has a class, an arm cannot read its input, or a file of embeddings
            does not cover the pixels.
    """
    from pimc.evaluation.classify import KINDS

    options.check_arms(KINDS, options.inputs)
    samples = options.samples(corpus.pixels, classes)
    if unscored := options.unscored(corpus.pixels, classes):
        logger.warning(
            "no honest score exists for %s: these classes are left out of all scores",
            describe_folds(unscored, classes),
        )
    for file in dict.fromkeys(arm.file for arm in running_arms(options) if arm.file):
        read_peer(file, samples, corpus.source_pixels)


def pixel_task(
    name: str,
    corpus: Corpus,
    classes: Sequence[str],
    encoders: PixelEncoders,
    folds: FoldOptions,
    options: PixelOptions,
) -> Task:
    """The classes of the corpus's labelled pixels, told from series, bands, crops, embeddings."""
    from pimc.evaluation.classify import KINDS, Classification
    from pimc.evaluation.pixel_inputs import PixelInputs

    protocol = options.protocol
    samples = options.samples(corpus.pixels, classes)
    fold, labels = samples["fold"].to_numpy(), samples["label"].to_numpy()
    rows = samples["corpus_row"].to_numpy()
    series, observed = (np.asarray(each[rows]) for each in (corpus.index_series, corpus.observed))
    of_series = encoders.series.untrained(corpus.axes)
    ground, find = (name_ground(samples), fold), encoders.series.encoder_of
    bands, crops = corpus.band_series, encoders.cut(corpus, rows)
    inputs = PixelInputs(
        series,
        *ground,
        of_series,
        find,
        options.device,
        observed,
        options.precision,
        samples=samples,
        source_pixels=corpus.source_pixels,
        bands=None if bands is None else RowSubset(bands, rows),
        crops=_crop_inputs(crops, encoders.images, options.device),
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
        options.inputs,
        classification.run,
        split_rotations(fold, np.ones(len(samples), bool), folds, protocol.rotations),
        (facts,),
        partial(_of_input, encoders.series, inputs),
        encoders.absent(options, crops is not None),
        encoders.series.seeds,
    )


def _crop_inputs(
    crops: PixelCrops | None, images: ImageEncoders | None, device: str
) -> CropInputs | None:
    """None where there are no images, or no arms that read them."""
    from pimc.evaluation.crop_inputs import CropInputs

    return None if crops is None or images is None else CropInputs(crops, images, device)


def _of_input(encoders: SeriesEncoders, inputs: PixelInputs, run: ArmRun) -> str | None:
    """What a run's result hangs on of its encoders and of ``PixelInputs.digests``."""
    of_series, beside = encoders.digest(run), inputs.digests(run)
    return fingerprint(of_series, *beside) if beside else of_series


def _without_plots(options: TaskOptions, encoders: SeriesEncoders) -> dict[str, str]:
    """Controls of plots, where the encoder reads none."""
    if encoders.architecture.widths:
        return {}
    controls = [arm.name for arm in options.arms.values() if arm.source.control]
    return dict.fromkeys(controls, "the encoder reads no plots that they could spoil")
