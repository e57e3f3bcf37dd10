"""Nodes of pixel classification."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from pimc.data.folds import FoldOptions
from pimc.evaluation.crop_task import choose_image_encoders
from pimc.evaluation.pixel_arms import (
    PIXEL_CLASSIFICATION,
    PixelClassificationOptions,
    PixelEncoders,
    check_samples,
    pixel_task,
)
from pimc.evaluation.planning import plan
from pimc.evaluation.runs import ArmTask, StoredResult
from pimc.evaluation.series_task import choose_encoders, find_shipped, plan_rotation_encoders
from pimc.model.encoder_config import StoredImageEncoder, StoredSeriesEncoder
from pimc.pretraining.corpus import Corpus
from pimc.pretraining.kept_encoder import EncoderTask, KeptEncoder
from pimc.pretraining.options import PretrainingOptions
from pimc.report.classification_report import (
    describe_samples,
    draw_classification,
    list_unscored,
    report_classification,
)
from pimc.report.figure import Figure
from pimc.signal.recurrence import RecurrenceOptions


def plan_encoders(
    corpus: Corpus,
    classes: list[str],
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    folds: FoldOptions,
    options: PixelClassificationOptions,
    checkpoints: Path,
) -> dict[str, EncoderTask]:
    """One encoder a rotation, where each has its own."""
    check_samples(corpus, classes, options)
    return plan_rotation_encoders(corpus, recurrence, pretraining, folds, options, checkpoints)


def gather_encoders(
    corpus: Corpus,
    series_encoder: StoredSeriesEncoder | None,
    image_encoder: StoredImageEncoder | None,
    rotation_encoders: dict[str, KeptEncoder],
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    options: PixelClassificationOptions,
) -> PixelEncoders:
    """Those that arms read: the catalog's or of each rotation its own, and the package's."""
    side, axes = pretraining.batch.crop_side, corpus.axes
    chosen = choose_encoders(options, recurrence, axes, series_encoder, rotation_encoders)
    return PixelEncoders(
        replace(chosen, shipped=find_shipped(axes)),
        choose_image_encoders(options, side, corpus.bands, image_encoder, rotation_encoders),
    )


def plan_arms(
    corpus: Corpus,
    encoders: PixelEncoders,
    classes: list[str],
    folds: FoldOptions,
    options: PixelClassificationOptions,
) -> dict[str, ArmTask]:
    """One task a run of an arm; the dataset makes those that are not on disk yet."""
    name = PIXEL_CLASSIFICATION.name
    return plan(pixel_task(name, corpus, classes, encoders, folds, options), options)


def score_arms(
    results: list[StoredResult],
    corpus: Corpus,
    classes: list[str],
    options: PixelClassificationOptions,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """Scores of all arms, their differences, scores of each class, and metrics of the run.

    Classes of which there is no honest score have a row that says so.
    """
    samples = describe_samples(corpus.pixels, classes, options)
    report = report_classification(results, samples, options)
    unscored = list_unscored(corpus.pixels, classes, options)
    class_scores = pd.concat([report.class_scores, unscored], ignore_index=True)
    return report.scores, report.differences, class_scores, report.metrics


def draw_figures(
    results: list[StoredResult],
    scores: pd.DataFrame,
    corpus: Corpus,
    classes: list[str],
    options: PixelClassificationOptions,
) -> tuple[Figure, Figure, Figure]:
    """Arms with intervals, few-label curves, and the confusion of the arm that validation chose."""
    samples = describe_samples(corpus.pixels, classes, options)
    return draw_classification(results, scores, samples, PIXEL_CLASSIFICATION.title, "macro_f1")
