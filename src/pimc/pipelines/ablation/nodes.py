"""Nodes of the ablation: encoders first, then what a probe makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from pimc.data.folds import FoldOptions
from pimc.evaluation.ablation import ABLATION, TRANSFER, AblationOptions
from pimc.evaluation.pixel_arms import PixelEncoders, check_samples, pixel_task
from pimc.evaluation.planning import plan
from pimc.evaluation.runs import ArmRun, ArmTask, StoredResult
from pimc.evaluation.series_task import SeriesEncoders
from pimc.model.architecture import find_preset
from pimc.pretraining.corpus import Corpus
from pimc.pretraining.encoder_plan import plan_encoders, plan_transfer
from pimc.pretraining.kept_encoder import OWN, EncoderRun, EncoderTask, KeptEncoder
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.variants import SHIPPED, Variant, build_variant, design
from pimc.report.ablation import choose_variant, draw_ablation, tabulate_trainings
from pimc.report.classification import classification_tables
from pimc.report.classification_report import describe_samples
from pimc.report.figure import Figure
from pimc.signal.recurrence import RecurrenceOptions


def plan_variants(
    corpus: Corpus,
    classes: list[str],
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    folds: FoldOptions,
    options: AblationOptions,
    checkpoints: Path,
) -> dict[str, EncoderTask]:
    """One encoder a variant, rotation and seed; the dataset makes those that are not there yet.

    Args:
        corpus: pixels of all folds.
        classes: names by code.
        recurrence: as shipped.
        pretraining: as shipped.
        folds: before they are rotated.
        options: variants, and how much is run.
        checkpoints: folder of unfinished trainings.
    """
    check_samples(corpus, classes, options)
    effort = options.protocol
    variants = _build_variants(recurrence, pretraining, options)
    return plan_encoders(
        corpus, variants, effort.encoder_seeds, effort.rotations, folds, checkpoints
    )


def plan_transferred(
    other_corpus: dict[str, KeptEncoder] | None,
    corpus: Corpus,
    classes: list[str],
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    options: AblationOptions,
) -> dict[str, EncoderTask]:
    """The encoders of another workspace, one a variant, rotation and seed.

    Raises:
        ValueError: if no other workspace is named, or it lacks an encoder, or has one of another
            plot or size by its name, or one that reads other series.
    """
    if other_corpus is None:
        raise ValueError(
            "transfer scores encoders of another workspace, and none is named: "
            "--params=corpus=data/06_models/<workspace>/ablation.encoders"
        )
    check_samples(corpus, classes, options)
    effort = options.protocol
    variants = _build_variants(recurrence, pretraining, options)
    return plan_transfer(
        other_corpus, variants, effort.encoder_seeds, effort.rotations, corpus.axes
    )


def _build_variants(
    recurrence: RecurrenceOptions, pretraining: PretrainingOptions, options: AblationOptions
) -> list[Variant]:
    return [
        build_variant(name, overrides, recurrence, pretraining, options.protocol.pretraining)
        for name, overrides in options.variants.items()
    ]


def plan_arms(
    corpus: Corpus,
    encoders: dict[str, KeptEncoder],
    classes: list[str],
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    folds: FoldOptions,
    options: AblationOptions,
) -> dict[str, ArmTask]:
    """One task a run of an arm; arms without pretraining are of the shipped plot and size."""
    own = all(each.run is None or each.run.corpus == OWN for each in encoders.values())
    find = partial(_find, encoders, options.protocol.encoder_seeds)
    of_series = SeriesEncoders(recurrence, find_preset(pretraining.preset).series, find)
    name = ABLATION.name if own else TRANSFER.name
    read = PixelEncoders(of_series)
    return plan(pixel_task(name, corpus, classes, read, folds, options), options)


def _find(encoders: Mapping[str, KeptEncoder], seeds: int, run: ArmRun) -> KeptEncoder:
    variant = run.arm.encoder or ""
    return encoders[EncoderRun(variant, run.seed % seeds, run.rotation).name]


def score_variants(
    results: list[StoredResult],
    encoders: dict[str, KeptEncoder],
    corpus: Corpus,
    classes: list[str],
    options: AblationOptions,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """Scores of all arms, their differences, the trainings, and metrics of the run."""
    samples = describe_samples(corpus.pixels, classes, options)
    scores, differences = classification_tables(results, samples, options)
    scores = choose_variant(scores, list(options.variants))
    corpora = {each.run.variant: each.run.corpus for each in encoders.values() if each.run}
    read = {name: corpora[arm.encoder] for name, arm in options.arms.items() if arm.encoder}
    scores.insert(scores.columns.tolist().index("arm") + 1, "corpus", scores["arm"].map(read))
    designs = {
        name: design(arm.encoder, options.variants[arm.encoder])
        for name, arm in options.arms.items()
        if arm.encoder
    }
    scores["design"] = scores["arm"].map(designs).fillna(SHIPPED)
    first = scores[scores["unit"] == samples.unit]
    names = first["budget"] + "." + first["arm"] + "." + first["score"]
    metrics = dict(zip(names, first["value"].tolist(), strict=True))
    return scores, differences, tabulate_trainings(encoders.values()), metrics


def draw_variants(scores: pd.DataFrame, differences: pd.DataFrame) -> Figure:
    """Variants and baselines with intervals, and their paired differences, budget by budget."""
    return draw_ablation(scores, differences)
