"""Which samples train, select and test; which labels are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pimc.data.folds import FoldOptions, rotate
from pimc.evaluation.arms import Budget


@dataclass(frozen=True, eq=False)
class Split:
    """Numbers of the samples that train, that choose hyper-parameters, and that are looked at once.

    Attributes:
        train: int64.
        validation: int64.
        test: int64.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split_by_fold(fold: np.ndarray, eligible: np.ndarray, folds: FoldOptions) -> Split:
    """Samples of each part.

    Args:
        fold: N, the fold of each sample.
        eligible: N bool, samples that take part.
        folds: of each part.

    Raises:
        ValueError: if a part is empty.
    """
    parts = {
        name: np.flatnonzero(eligible & np.isin(fold, getattr(folds, name)))
        for name in ("train", "validation", "test")
    }
    empty = [name for name, rows in parts.items() if not rows.size]
    if empty:
        raise ValueError(
            f"no sample for {', '.join(empty)}: folds are {folds}, and samples that can take part "
            f"lie in folds {np.unique(fold[eligible]).tolist()}; change `folds`, or bring more "
            "ground (labelled, where classes are told)"
        )
    return Split(**parts)


def split_rotations(
    fold: np.ndarray, eligible: np.ndarray, folds: FoldOptions, rotations: int
) -> list[Split]:
    """The parts of each rotation; see ``split_by_fold``."""
    return [split_by_fold(fold, eligible, rotate(folds, number)) for number in range(rotations)]


def draw_labels(
    labels: np.ndarray, rows: np.ndarray, budget: Budget, rng: np.random.Generator
) -> np.ndarray:
    """The rows whose labels are seen, in increasing order.

    ``shots`` of each class, or as many as it has; or ``share`` of each class, at least one.

    Args:
        labels: N classes of all samples.
        rows: of the training samples.
        budget: shots or share.
        rng: of the draw.
    """
    if budget.shots is None and budget.share == 1:
        return rows
    chosen = []
    for label in np.unique(labels[rows]):
        members = rows[labels[rows] == label]
        count = budget.shots or max(1, round(budget.share * len(members)))
        chosen.append(rng.permutation(members)[:count])
    return np.sort(np.concatenate(chosen))


def at_most(rows: np.ndarray, count: int | None, rng: np.random.Generator) -> np.ndarray:
    """A random part of the rows, in increasing order; None keeps all."""
    if count is None or len(rows) <= count:
        return rows
    return np.sort(rng.choice(rows, count, replace=False))
