"""Nodes of pixel classification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pimc.data.folds import FoldOptions
from pimc.evaluation.arms import ArmTask, StoredResult
from pimc.evaluation.pixel_arms import SeriesOptions, plan_pixel_arms
from pimc.pipelines.pixel_classification.options import PixelClassificationOptions
from pimc.pipelines.rotation_encoders import (
    find_encoders,
    train_by_rotation,
    untrained_architecture,
)
from pimc.pretraining.kept_encoder import EncoderTask, KeptEncoder
from pimc.pretraining.options import PretrainingOptions
from pimc.report.classification_report import (
    describe_samples,
    draw_classification,
    report_classification,
)
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions

TASK = "pixel_classification"


def plan_rotation_encoders(
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    folds: FoldOptions,
    options: PixelClassificationOptions,
    checkpoints: Path,
    calendar: CalendarOptions,
    indices: list[str],
    classes: list[str],
    **corpus: Any,  # noqa: ANN401
) -> dict[str, EncoderTask]:
    """One encoder a rotation; see ``pimc.pipelines.rotation_encoders.train_by_rotation``."""
    options.samples(corpus["series_pixels"], classes)  # refuses what trained encoders cannot score
    return train_by_rotation(
        recurrence, pretraining, folds, options, checkpoints, calendar, indices, corpus
    )


def plan_arms(
    index_series: np.ndarray,
    observed: np.ndarray,
    series_pixels: pd.DataFrame,
    series_encoder: Any,  # noqa: ANN401
    rotation_encoders: dict[str, KeptEncoder],
    classes: list[str],
    indices: list[str],
    calendar: CalendarOptions,
    recurrence: RecurrenceOptions,
    folds: FoldOptions,
    options: PixelClassificationOptions,
) -> dict[str, ArmTask]:
    """One task a run of an arm; the dataset makes those that are not on disk yet.

    ``series_encoder`` is a ``SeriesEncoder``, or None where there is none. (Kedro builds options
    from type hints, which must be resolved without torch.)
    """
    find_encoder = find_encoders(options, series_encoder, rotation_encoders, indices, calendar)
    architecture = untrained_architecture(options, series_encoder, rotation_encoders)
    series = SeriesOptions(indices, calendar, recurrence, architecture)
    return plan_pixel_arms(
        TASK, index_series, observed, series_pixels, classes, series, folds, options, find_encoder
    )


def score_arms(
    results: list[StoredResult],
    series_pixels: pd.DataFrame,
    classes: list[str],
    options: PixelClassificationOptions,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """Scores of all arms, their differences, scores of each class, and metrics of the run."""
    report = report_classification(
        results, describe_samples(series_pixels, classes, options), options
    )
    return report.scores, report.differences, report.class_scores, report.metrics


def draw_figures(
    results: list[StoredResult],
    scores: pd.DataFrame,
    series_pixels: pd.DataFrame,
    classes: list[str],
    options: PixelClassificationOptions,
) -> tuple[Figure, Figure, Figure]:
    """Arms with intervals, few-label curves, and the confusion of the arm that validation chose."""
    samples = describe_samples(series_pixels, classes, options)
    return draw_classification(results, scores, samples, "Pixel classification", "macro_f1")
