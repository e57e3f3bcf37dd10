"""What every classification task hands over: tables, metrics of its run, figures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from pimc.data.folds import FOLDS
from pimc.evaluation.pixel_arms import PixelOptions, describe_folds
from pimc.evaluation.runs import StoredResult
from pimc.evaluation.task_options import TaskOptions
from pimc.report.classification import (
    ClassifiedSamples,
    class_table,
    classification_tables,
    count_by_group,
    mean_confusion,
)
from pimc.report.label_curves import draw_label_curves
from pimc.report.task_figures import draw_confusion, draw_scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)

FEW_GROUPS = 5
"""Groups below which a bootstrap says little."""


@dataclass(frozen=True, eq=False)
class ClassificationReport:
    """Tables of a classification task.

    Attributes:
        scores: of all arms (``pimc.report.comparison.compare``).
        differences: from the reference arms.
        class_scores: of each class.
        metrics: ``<arm>.<score>`` at the budget with most labels, by sample.
    """

    scores: pd.DataFrame
    differences: pd.DataFrame
    class_scores: pd.DataFrame
    metrics: dict[str, float]


def report_classification(
    results: Sequence[StoredResult], samples: ClassifiedSamples, options: TaskOptions
) -> ClassificationReport:
    """Score all arms of a task."""
    warn_of_few_groups(results, samples)
    scores, differences = classification_tables(results, samples, options)
    first = scores[(scores["unit"] == samples.unit) & (scores["budget"] == most_labels(scores))]
    names = first["arm"] + "." + first["score"]
    return ClassificationReport(
        scores,
        differences,
        class_table(count_by_group(results, samples), samples.classes),
        dict(zip(names, first["value"].tolist(), strict=True)),
    )


def warn_of_few_groups(results: Sequence[StoredResult], samples: ClassifiedSamples) -> None:
    """Say where intervals rest on next to nothing: they draw blocks or patches of test samples."""
    tested = {group for each in results for group in samples.group[each.result.arrays["test_rows"]]}
    if len(tested) < FEW_GROUPS:
        logger.warning(
            "test samples lie in %d blocks or patches alone: intervals are wide, or there are "
            "none; efforts with 5 rotations (effort=full) test all ground once",
            len(tested),
        )


def draw_classification(
    results: Sequence[StoredResult],
    scores: pd.DataFrame,
    samples: ClassifiedSamples,
    title: str,
    curve: str,
) -> tuple[Figure, Figure, Figure]:
    """Arms with intervals, few-label curves, and the confusion of the arm that validation chose.

    Args:
        results: of the task.
        scores: its table.
        samples: the truth.
        title: of the task.
        curve: score of the few-label curves.
    """
    budget = most_labels(scores)
    by_sample = scores[scores["unit"] == samples.unit]
    shown = by_sample[by_sample["budget"] == budget]
    chosen = str(shown.loc[shown["chosen"], "arm"].iloc[0])
    of_chosen = [each for each in results if (each.arm, each.budget) == (chosen, budget)]
    (evidence,) = count_by_group(of_chosen, samples)
    confusion = mean_confusion(evidence)
    return (
        draw_scores(shown, f"{title}, labels: {budget}"),
        draw_label_curves(by_sample, curve, f"{title} by number of labels"),
        draw_confusion(confusion, samples.classes, f"{chosen}: true class in per cent"),
    )


def most_labels(scores: pd.DataFrame) -> str:
    """The budget with most labels."""
    return str(scores["budget"].iloc[int(scores["train_samples"].argmax())])


def describe_samples(
    series_pixels: pd.DataFrame, classes: list[str], options: PixelOptions
) -> ClassifiedSamples:
    """The truth of the pixels that take part; intervals draw blocks of labels, or patches."""
    samples = options.samples(series_pixels, classes)
    return ClassifiedSamples(
        samples["label"].to_numpy(),
        samples["block" if "block" in samples else "patch"].to_numpy(),
        tuple(classes),
        samples["parcel"].to_numpy(),
        season=samples["season"].to_numpy() if "season" in samples else None,
    )


def list_unscored(
    series_pixels: pd.DataFrame, classes: Sequence[str], options: PixelOptions
) -> pd.DataFrame:
    """Rows for the table of class scores: classes that have labels and no honest score, and why."""
    unscored = options.unscored(series_pixels, classes)
    if unscored:
        logger.warning("no honest score exists for %s", describe_folds(unscored, classes))
    reason = "no honest score: labels in {} of {} folds"
    return pd.DataFrame(
        {
            "budget": "",
            "arm": [reason.format(len(there), len(FOLDS)) for there in unscored.values()],
            "class": [classes[code] for code in unscored],
            "samples": 0,
        }
    )
