"""Scores of classifications and forecasts from counts and sums, so that they can be resampled.

Everything is computed from statistics that add up over samples (confusion counts, sums of
errors): a bootstrap over groups is then a weighted sum.
"""

from __future__ import annotations

import numpy as np

CLASS_SCORES = ("precision", "recall", "f1", "iou")


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts of true class x predicted class.

    Args:
        truth: N int classes 0..classes - 1.
        predicted: N int.
        classes: number of classes.

    Returns:
        classes x classes int64.

    Raises:
        ValueError: if a class lies outside or the lengths differ.
    """
    for name, values in (("true", truth), ("predicted", predicted)):
        if values.size and not (0 <= values.min() and values.max() < classes):
            raise ValueError(
                f"{name} classes must be 0..{classes - 1}, got {values.min()}..{values.max()}"
            )
    if truth.shape != predicted.shape:
        raise ValueError(f"{len(truth)} true classes but {len(predicted)} predictions")
    cells = truth.astype(np.int64) * classes + predicted
    counts: np.ndarray = np.bincount(cells, minlength=classes * classes)
    square: np.ndarray = counts.reshape(classes, classes)
    return square


def grouped_confusion(
    truth: np.ndarray, predicted: np.ndarray, group: np.ndarray, groups: int, classes: int
) -> np.ndarray:
    """``confusion`` of each group (patch, block): groups x classes x classes int64."""
    label = group.astype(np.int64) * classes + truth
    stacked = np.zeros((groups * classes, classes), np.int64)
    np.add.at(stacked, (label, predicted), 1)
    counts: np.ndarray = stacked.reshape(groups, classes, classes)
    return counts


def class_scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Precision, recall, F1 and IoU of each class.

    Args:
        counts: ... x K x K, true class x predicted class, any weights.

    Returns:
        By name of ``CLASS_SCORES``: ... x K float64. NaN for a class that does not occur in the
        truth: it can be predicted wrongly only, which lowers the scores of the classes that do
        occur. A class that is never predicted has F1 0 and precision NaN.
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1).astype(np.float64)
    true, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    there = true > 0

    def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
        values: np.ndarray = np.full(above.shape, np.nan)
        np.divide(above, below, out=values, where=there & (below > 0))
        return values

    return {
        "precision": ratio(hits, predicted),
        "recall": ratio(hits, true),
        "f1": ratio(2 * hits, true + predicted),
        "iou": ratio(hits, true + predicted - hits),
    }


def classification_scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Overall accuracy, and means of F1 and IoU over the classes that occur in the truth.

    Args:
        counts: ... x K x K, true class x predicted class, any weights.

    Returns:
        accuracy, macro_f1, miou: each of shape ....
    """
    each = class_scores(counts)
    hits = np.trace(counts, axis1=-2, axis2=-1)
    return {
        "accuracy": hits / counts.sum(axis=(-2, -1)),
        "macro_f1": np.nanmean(each["f1"], axis=-1),
        "miou": np.nanmean(each["iou"], axis=-1),
    }


def vote(group: np.ndarray, values: np.ndarray, classes: int) -> np.ndarray:
    """Most frequent class of each group, the lowest of equals.

    Args:
        group: N int 0..G - 1, each number at least once.
        values: N int classes.
        classes: number of classes.

    Returns:
        G int64.
    """
    counts = np.zeros((int(group.max()) + 1, classes), np.int64)
    np.add.at(counts, (group, values), 1)
    winners: np.ndarray = counts.argmax(axis=1)
    return winners


def bootstrap_weights(groups: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Weights of the groups in each resample of the Bayesian bootstrap.

    Rubin 1981 (doi 10.1214/aos/1176345338). Drawing groups with replacement leaves some out, and
    with them classes that lie in few groups: macro-F1 would be a mean over other classes in each
    resample. Here every group has a weight above 0.

    Args:
        groups: number of groups.
        resamples: how often weights are drawn.
        rng: of the draws.

    Returns:
        resamples x groups float64, uniform among all weights above 0 that sum to ``groups``.
    """
    weights: np.ndarray = groups * rng.dirichlet(np.ones(groups), size=resamples)
    return weights


def interval(values: np.ndarray) -> tuple[float, float]:
    """The percentile interval of 95 %: what resamples give in their middle; NaN of a NaN."""
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
