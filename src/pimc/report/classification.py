"""Tables of a classification task: scores by sample and by parcel, scores of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pimc.evaluation.runs import ArmResult, StoredResult
from pimc.evaluation.task_options import TaskOptions
from pimc.report.comparison import Evidence, collect, compare
from pimc.report.metrics import class_scores, classification_scores, grouped_confusion, vote


@dataclass(frozen=True, eq=False)
class ClassifiedSamples:
    """The truth of all samples of a task, in their order.

    Attributes:
        labels: N int, place in ``classes``; samples that no arm predicts may have any number.
        group: N, what is drawn in the bootstrap: patch, block, or the sample's own number.
        classes: K names.
        parcel: N int, samples of one parcel share a number; 0 none. None where unknown.
        season: N, of the sample's series: a parcel is told in each of its seasons. None where
            there is one alone.
        unit: what a sample is: ``pixel``, ``image``.
    """

    labels: np.ndarray
    group: np.ndarray
    classes: tuple[str, ...]
    parcel: np.ndarray | None = None
    unit: str = "pixel"
    season: np.ndarray | None = None


def classification_tables(
    results: Sequence[StoredResult], samples: ClassifiedSamples, options: TaskOptions
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accuracy, macro-F1 and mean IoU of all arms and their differences, as ``compare``.

    A column ``unit`` says of what: samples, or, where parcels are known, parcels, of which
    the predictions vote, as do the labels.
    """
    units = {samples.unit: count_by_group(results, samples)}
    if _has_parcels(results, samples):
        units["parcel"] = count_by_group(results, samples, parcels=True)
    tables: list[list[pd.DataFrame]] = [[], []]
    for unit, evidence in units.items():
        pair = compare(evidence, classification_scores, options)
        for parts, table in zip(tables, pair, strict=True):
            table.insert(0, "unit", unit)
            parts.append(table)
    scores, differences = (pd.concat(parts, ignore_index=True) for parts in tables)
    return scores, differences


def _has_parcels(results: Sequence[StoredResult], samples: ClassifiedSamples) -> bool:
    """Whether each result predicts samples of parcels, on validation and on test."""
    parcel = samples.parcel
    return parcel is not None and all(
        parcel[stored.result.arrays[f"{part}_rows"]].any()
        for stored in results
        for part in ("validation", "test")
    )


def count_by_group(
    results: Sequence[StoredResult], samples: ClassifiedSamples, parcels: bool = False
) -> list[Evidence]:
    """Confusion counts of each arm, budget, seed and group."""
    names, group = np.unique(samples.group, return_inverse=True)
    classes = len(samples.classes)

    def reduce(result: ArmResult, part: str) -> np.ndarray:
        rows, predicted = result.arrays[f"{part}_rows"], result.arrays[part]
        truth, where = samples.labels[rows], group[rows]
        if parcels:
            truth, predicted, where = _vote_by_parcel(samples, rows, predicted, where)
        return grouped_confusion(truth, predicted, where, len(names), classes)

    return collect(results, reduce)


def _vote_by_parcel(
    samples: ClassifiedSamples, rows: np.ndarray, predicted: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class and prediction of each parcel, and the group that it lies in."""
    if samples.parcel is None:
        raise ValueError("scores by parcel need parcels")
    inside = samples.parcel[rows] > 0
    # numbers of parcels are unique within a patch only
    columns = [group[inside], samples.parcel[rows][inside]]
    if samples.season is not None:
        columns.append(np.unique(samples.season, return_inverse=True)[1][rows][inside])
    keys = np.stack(columns, axis=1)
    parcels, number = np.unique(keys, axis=0, return_inverse=True)
    if not len(parcels):
        nothing = np.empty(0, np.int64)
        return nothing, nothing, nothing
    classes = len(samples.classes)
    truth = vote(number.ravel(), samples.labels[rows][inside], classes)
    return truth, vote(number.ravel(), predicted[inside], classes), parcels[:, 0]


def class_table(evidence: Sequence[Evidence], classes: Sequence[str]) -> pd.DataFrame:
    """Precision, recall, F1 and IoU of each class that occurs, means over seeds.

    Returns:
        Columns budget, arm, class, samples (of the truth), precision, recall, f1, iou.
    """
    rows = []
    for each in evidence:
        counts = each.test.sum(axis=1)
        scores = class_scores(counts)
        truth = counts[0].sum(axis=-1)
        rows += [
            {
                "budget": each.budget,
                "arm": each.arm,
                "class": name,
                "samples": int(truth[number]),
                **{score: float(values[:, number].mean()) for score, values in scores.items()},
            }
            for number, name in enumerate(classes)
            if truth[number]
        ]
    return pd.DataFrame(rows)


def mean_confusion(evidence: Evidence) -> np.ndarray:
    """Share of each true class (rows, sum 1) that is predicted as each class; NaN without any."""
    counts = evidence.test.sum(axis=(0, 1)).astype(np.float64)
    total = counts.sum(axis=1, keepdims=True)
    shares: np.ndarray = np.divide(
        counts, total, out=np.full(counts.shape, np.nan), where=total > 0
    )
    return shares
