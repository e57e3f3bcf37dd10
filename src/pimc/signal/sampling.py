"""Which pixels of a patch are sampled: evenly spaced along a Hilbert curve.

The curve visits every cell of the patch and stays local, so pixels evenly spaced along it cover
the patch, fields and edges alike, better than independent draws do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class SamplingOptions:
    """What is sampled from each patch.

    Attributes:
        pixels_per_patch: number of pixels; None takes every eligible one.
        margin: pixels nearer than this to the patch's edge are left out, so that a crop of
            2 x ``margin`` + 1 pixels centred on any sampled pixel lies inside the patch.
        frames_per_patch: number of images kept for the image branch; 0 for pixel series alone.
        seed: of the random phase along the curve.
    """

    pixels_per_patch: int | None = 256
    margin: int = 5
    frames_per_patch: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        """Check that counts are positive and the margin is not negative."""
        if self.pixels_per_patch is not None and self.pixels_per_patch < 1:
            raise ValueError(
                f"pixels_per_patch must be at least 1, or null for all, got {self.pixels_per_patch}"
            )
        if self.margin < 0:
            raise ValueError(f"margin must be 0 or more pixels, got {self.margin}")
        if self.frames_per_patch < 0:
            raise ValueError(f"frames_per_patch must be 0 or more, got {self.frames_per_patch}")


def hilbert_position(rows: np.ndarray, cols: np.ndarray, side: int) -> np.ndarray:
    """Position of cells along the Hilbert curve of a square whose side is a power of two.

    Descends from the largest quadrants to single cells: each level adds the quadrant's rank on
    the curve and turns the cell into that quadrant's own frame (Hilbert 1891).

    Args:
        rows: rows of the cells, 0 <= row < side, any shape.
        cols: their columns.
        side: of the square, a power of two.

    Returns:
        int64 positions, 0 .. side^2 - 1, of the shape of ``rows``.
    """
    row, col = rows.astype(np.int64), cols.astype(np.int64)
    position = np.zeros_like(row)
    half = side // 2
    while half > 0:
        lower, right = (row & half) > 0, (col & half) > 0
        position += half * half * ((3 * right) ^ lower)
        # the two quadrants at the curve's start and end are transposed, the last one also mirrored
        mirrored = ~lower & right
        row, col = np.where(mirrored, ~row, row), np.where(mirrored, ~col, col)
        row, col = np.where(lower, row, col), np.where(lower, col, row)
        half //= 2
    return position


@lru_cache(maxsize=8)  # the patches of a run have one shape
def hilbert_order(rows: int, cols: int) -> np.ndarray:
    """All cells of a rectangle in the order in which a Hilbert curve visits them.

    The curve is that of the smallest enclosing square whose side is a power of two; cells
    outside the rectangle are skipped.

    Args:
        rows: rows of the rectangle.
        cols: its columns.

    Returns:
        (rows x cols) x 2 int64: row and column of each cell; read-only.
    """
    cells = np.indices((rows, cols)).reshape(2, -1)
    enclosing = 1 << (max(rows, cols) - 1).bit_length()
    order: np.ndarray = cells.T[np.argsort(hilbert_position(cells[0], cells[1], enclosing))]
    order.flags.writeable = False
    return order


def sample_pixels(
    eligible: np.ndarray, count: int | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels evenly spaced along the Hilbert curve, from a random phase.

    The spacing counts eligible pixels only, so ground that may not be sampled costs no pixel.

    Args:
        eligible: H x W bool.
        count: number of pixels; None, or more than there are, takes every eligible one.
        rng: draws the phase.

    Returns:
        Rows and columns, int64, in the order of the curve.
    """
    rows, cols = hilbert_order(*eligible.shape).T
    order = np.flatnonzero(eligible[rows, cols])
    if count is not None and count < len(order):
        phase = rng.integers(len(order))
        order = order[(np.arange(count) * len(order) + phase) // count]
    return rows[order], cols[order]
