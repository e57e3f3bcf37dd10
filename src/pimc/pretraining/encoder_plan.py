"""Encoders that are trained on demand: one of series a variant, seed and rotation, kept by content.

Beside it lies the encoder of images, where its objective trains one.

This module imports torch and Lightning where an encoder is trained or read, and nowhere earlier.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from pimc.data.fingerprint import fingerprint
from pimc.data.folds import FoldOptions, rotate
from pimc.model.architecture import find_preset
from pimc.pretraining.corpus import Corpus, fit_on_rows
from pimc.pretraining.kept_encoder import (
    EncoderRun,
    EncoderTask,
    KeptEncoder,
    LogMetrics,
    TrainedEncoder,
)
from pimc.pretraining.options import ENCODER_VERSION
from pimc.pretraining.variants import Variant
from pimc.signal.series_axes import SeriesAxes

if TYPE_CHECKING:
    from pimc.pretraining.pretrain import PretrainingResult


PLOT = ("kind", "dimension", "time_delay", "softness", "bins", "validity")
"""Options of the plot that are the same wherever an encoder is trained."""


def plan_encoders(
    corpus: Corpus,
    variants: Iterable[Variant],
    seeds: int,
    rotations: int,
    folds: FoldOptions,
    checkpoints: Path,
) -> dict[str, EncoderTask]:
    """One task a variant, rotation and seed, by name.

    An encoder is trained on the training folds of its rotation, and its epoch chosen on the
    validation fold, both without labels: it never sees the test fold.

    Args:
        corpus: pixels of all folds.
        variants: what is trained; the term of unpaired images is not among their objectives.
        seeds: trainings with the same options.
        rotations: of the folds.
        folds: before they are rotated.
        checkpoints: folder of unfinished trainings.

    Raises:
        ValueError: for a variant that would learn from unpaired images.
    """
    variants = list(variants)
    if unpaired := [each.name for each in variants if each.pretraining.objective.image]:
        raise ValueError(
            f"{', '.join(unpaired)}: encoders that are trained on demand are of series and read no "
            "unpaired images: set pretraining.objective.image to 0"
        )
    digest = corpus.digest()
    tasks = {}
    for variant, rotation, seed in product(variants, range(rotations), range(seeds)):
        run = EncoderRun(variant.name, seed, rotation)
        seeded = _settled(variant.with_seed(seed))
        rotated = rotate(folds, rotation)
        # where it is trained stays out of the key: encoders of a GPU serve on a CPU
        what = replace(
            seeded.pretraining, accelerator="auto", devices=1, nodes=1, progress_bar=False
        )
        ground = (digest, rotated.train, rotated.validation)
        tasks[run.name] = EncoderTask(
            run,
            fingerprint(ENCODER_VERSION, ground, seeded.recurrence, what),
            {"recurrence": asdict(seeded.recurrence), "pretraining": asdict(what)},
            partial(train_encoder, corpus, seeded, rotated, checkpoints),
        )
    return tasks


def _settled(variant: Variant) -> Variant:
    """The variant in the precision that ``auto`` is on this machine: another gives other weights.

    It is this machine's on workers too, whose processors may be others.
    """
    from pimc.training.precision import settle

    options = variant.pretraining
    precision = settle(options.precision, options.accelerator)
    return replace(variant, pretraining=replace(options, precision=precision))


def train_encoder(
    corpus: Corpus,
    variant: Variant,
    folds: FoldOptions,
    checkpoints: Path,
    log_metrics: LogMetrics | None = None,
) -> TrainedEncoder:
    """Pretrain a variant on the training folds; the scale of its plots is fitted on them too."""
    from pimc.pretraining.pretrain import pretrain

    start = time.perf_counter()
    recurrence = fit_on_rows(
        corpus.index_series, corpus.rows(folds.train), variant.recurrence, corpus.indices
    )
    result: PretrainingResult = pretrain(
        corpus.pairs(folds.train),
        corpus.pairs(folds.validation),
        corpus.inputs(recurrence),
        replace(variant.pretraining, progress_bar=False),
        checkpoints,
        log_metrics,
    )
    metrics = {**result.metrics, "seconds": time.perf_counter() - start}
    return TrainedEncoder(
        result.series_encoder, result.history, metrics, result.checkpoint, result.image_encoder
    )


def plan_transfer(
    kept: Mapping[str, KeptEncoder],
    variants: Iterable[Variant],
    seeds: int,
    rotations: int,
    axes: SeriesAxes,
) -> dict[str, EncoderTask]:
    """Encoders that were trained on another corpus, in the place of trainings on this one.

    Args:
        kept: encoders of the other corpus, by the name of their training.
        variants: as they are meant here.
        seeds: trainings with the same options.
        rotations: of this corpus's folds; all read the encoder of the other's first rotation.
        axes: of the series that they will read.

    Raises:
        ValueError: if the other corpus lacks one of them, or has another by its name, or it reads
            other series.
    """
    tasks = {}
    for variant, seed in product(variants, range(seeds)):
        wanted = EncoderRun(variant.name, seed, 0).name
        if wanted not in kept:
            raise ValueError(
                f"the corpus has no encoder {wanted}; it has {', '.join(sorted(kept))}; make "
                "it there, or name its variants in the effort's `variants`"
            )
        encoder = kept[wanted]
        _check_design(encoder, variant)
        for rotation in range(rotations):
            run = EncoderRun(variant.name, seed, rotation, encoder.workspace)
            tasks[run.name] = EncoderTask(
                run,
                fingerprint(encoder.digest, axes.calendar),
                {"transferred": wanted},
                partial(_read_transferred, encoder, axes),
            )
    return tasks


def _check_design(kept: KeptEncoder, variant: Variant) -> None:
    """Refuse an encoder that was trained under a variant's name when that meant another design."""
    config, plot = kept.load().config, variant.recurrence
    pairs = {name: (getattr(config.recurrence, name), getattr(plot, name)) for name in PLOT}
    pairs["thresholds"] = config.recurrence.scales, plot.scales
    pairs["architecture"] = config.architecture, find_preset(variant.pretraining.preset).series
    if differ := [
        f"{name} {there}, here {here}" for name, (there, here) in pairs.items() if there != here
    ]:
        raise ValueError(
            f"variant {variant.name} of workspace {kept.workspace or 'unknown'} is not the one of "
            f"this run: it was trained with {'; '.join(differ)}. Train it there anew "
            "(--pipeline=ablation), or set the same options here"
        )


def _read_transferred(
    kept: KeptEncoder, axes: SeriesAxes, log_metrics: LogMetrics | None = None
) -> TrainedEncoder:
    """An encoder of another corpus, shortened where this one's calendar is shorter."""
    from pimc.model.adapt import shorten

    encoder = kept.load()
    if encoder.config.calendar.length > axes.calendar.length:
        encoder = shorten(encoder, axes.calendar.length)
    encoder.check(axes.indices, axes.calendar)
    return TrainedEncoder(encoder, pd.DataFrame(), {**(kept.metrics or {}), "seconds": 0.0})
