"""Choosing pixels that lie far apart, for many batches at once."""

from __future__ import annotations

import numpy as np

NONE = -1
"""Stands for no further pixel at the end of a batch."""


def spread_apart(
    y: np.ndarray, x: np.ndarray, group: np.ndarray, size: int, spacing: int
) -> np.ndarray:
    """From the candidates of each batch, pick pixels one after the other, far apart.

    Each pick is the first candidate that lies at least ``spacing`` from all picks before it; if
    there is none any more, the one that lies farthest from them (Gonzalez 1985). Of a group one
    candidate is picked at most.

    Args:
        y: S x M int, rows of the candidates of S batches on one common ground.
        x: S x M int, columns.
        group: S x M int, the group of each candidate: its parcel, or itself alone.
        size: picks wanted in each batch.
        spacing: Chebyshev distance wanted between picks, at least 1.

    Returns:
        S x size int64, positions along M; ``NONE`` at the end where the ground gives no more.
    """
    batch = np.arange(len(y))
    # distance to the nearest pick, no more than the spacing: all that is far enough is equal,
    # and argmax takes the first of equals
    room = np.full(y.shape, spacing, dtype=y.dtype)
    picks = np.full((len(y), size), NONE)
    for turn in range(size):
        pick = room.argmax(axis=1)
        picks[:, turn] = np.where(room[batch, pick] > 0, pick, NONE)
        away_y = np.abs(y - y[batch, pick, None])
        away_x = np.abs(x - x[batch, pick, None])
        np.minimum(room, np.maximum(away_y, away_x), out=room)
        room *= group != group[batch, pick, None]
    return picks
