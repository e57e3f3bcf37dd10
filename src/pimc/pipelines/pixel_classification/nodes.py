"""Nodes of pixel classification."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.folds import FoldOptions
from pimc.learning.arms import ArmTask, StoredResult, drop_absent, plan_runs
from pimc.learning.protocol import rotate, split_by_fold
from pimc.model.architecture import find_preset
from pimc.pipelines.pixel_classification.options import PixelClassificationOptions
from pimc.report.classification import ClassifiedSamples
from pimc.report.classification_report import draw_classification, report_classification
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions

TASK = "pixel_classification"

RESULT_VERSION = 1
"""Raise it when the code gives other results from the same data and options."""


def plan_arms(
    index_series: np.ndarray,
    series_pixels: pd.DataFrame,
    series_encoder: Any,  # noqa: ANN401
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
    from pimc.learning.classify import KINDS, Classification
    from pimc.learning.series_inputs import INPUTS, SeriesInputs
    from pimc.model.storage import encoder_digest

    options.check_arms(KINDS, INPUTS)
    samples = options.samples(series_pixels, classes)
    fold, labels = samples["fold"].to_numpy(), samples["label"].to_numpy()
    series = np.asarray(index_series[samples["row"].to_numpy()])
    inputs = SeriesInputs(
        series,
        samples["patch"].to_numpy(),
        fold,
        indices,
        calendar,
        recurrence,
        find_preset(options.preset).series,
        series_encoder,
        options.device,
    )
    task = Classification(
        inputs, labels, len(classes), options.protocol.max_train, options.device, options.seed
    )
    runs = list(plan_runs(TASK, options))
    if series_encoder is None:
        runs = drop_absent(options, runs, "there is no pretrained series encoder")
    eligible = np.ones(len(samples), bool)
    splits = [
        split_by_fold(fold, eligible, rotate(folds, rotation))
        for rotation in range(options.protocol.rotations)
    ]
    facts = (
        RESULT_VERSION,
        array_digest(series, labels, fold),
        folds,
        options.protocol.max_train,
        options.seed,
        (recurrence, options.preset, tuple(indices), calendar),
    )
    encoder = None if series_encoder is None else encoder_digest(series_encoder)
    return {
        run.name: ArmTask(
            run,
            fingerprint(facts, run.identity, encoder if run.arm.pretrained else None),
            partial(task.run, run, splits[run.rotation]),
        )
        for run in runs
    }


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


def describe_samples(
    series_pixels: pd.DataFrame, classes: list[str], options: PixelClassificationOptions
) -> ClassifiedSamples:
    """The truth of the pixels that take part."""
    samples = options.samples(series_pixels, classes)
    return ClassifiedSamples(
        samples["label"].to_numpy(),
        samples["patch"].to_numpy(),
        tuple(classes),
        samples["parcel"].to_numpy(),
    )


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
