"""Simulated ground: smooth fields of noise, parcels of farmland, and what lies between them.

Drawing here is reproducible to the bit: angles and shares are float64 scalars, and pixels see
only additions, multiplications, comparisons and lookups, which every machine rounds alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MARGIN = 16
"""Pixels simulated around a patch and cut off, so that its border cuts parcels too."""

GAP = -1
"""Unit of the pixels between parcels: tracks, ditches and hedges."""


@dataclass(frozen=True)
class Parcels:
    """A ground cut into parcels.

    Attributes:
        unit: H x W int32, number of the parcel 0..N-1 or ``GAP``.
        whole: N, pixels of each parcel, those beyond the border of the patch included.
        inside: N, pixels of each parcel in the patch, at least 1.
    """

    unit: np.ndarray
    whole: np.ndarray
    inside: np.ndarray


def smooth_noise(rng: np.random.Generator, count: int, size: int, cell: float) -> np.ndarray:
    """Fields of normal noise, bilinear between nodes ``cell`` pixels apart.

    Returns:
        count x size x size float32; mean 0 and variance 1 at the nodes.
    """
    nodes = math.ceil(size / cell) + 2
    lattice = rng.standard_normal((count, nodes, nodes), dtype=np.float32)
    # the nodes lie elsewhere in each draw
    shifts = rng.random(2)
    return _along(_along(lattice, 1, size, cell, shifts[0]), 2, size, cell, shifts[1])


def _along(values: np.ndarray, axis: int, size: int, cell: float, shift: float) -> np.ndarray:
    at = np.arange(size) / cell + shift
    node = at.astype(np.int64)
    shape = [1, 1, 1]
    shape[axis] = size
    share = (at - node).astype(np.float32).reshape(shape)
    low = values.take(node, axis=axis)
    fields: np.ndarray = low + (values.take(node + 1, axis=axis) - low) * share
    return fields


def cut_parcels(rng: np.random.Generator, size: int, openness: float) -> Parcels:
    """Cut a square into parcels, as farmland is: blocks between roads, then strips and fields.

    Lines split the ground across its longer side again and again, nearly at right angles, until
    each piece is as small as its block wants. Blocks have their own direction, field size and
    elongation; a slight warp bends the lines.

    Args:
        rng: randomness.
        size: pixels a side of the patch.
        openness: 0..1; more openness, more tracks and hedges between parcels.
    """
    side = size + 2 * MARGIN
    row, col = np.divmod(np.arange(side * side), side)
    bend_row, bend_col = smooth_noise(rng, 2, side, 24.0).reshape(2, -1).astype(np.float64) * 1.5
    unit = np.full(side * side, GAP, dtype=np.int32)
    for number, pixels in enumerate(_split(rng, row + bend_row, col + bend_col, openness)):
        unit[pixels] = number
    square = unit.reshape(side, side)
    inner = square[MARGIN:-MARGIN, MARGIN:-MARGIN]
    whole = np.bincount(unit[unit >= 0])
    inside = np.bincount(inner[inner >= 0], minlength=len(whole))
    seen = inside > 0
    renumber = np.append(np.where(seen, np.cumsum(seen) - 1, GAP), GAP).astype(np.int32)
    return Parcels(renumber[inner], whole[seen], inside[seen])


def _split(
    rng: np.random.Generator, row: np.ndarray, col: np.ndarray, openness: float
) -> Iterator[np.ndarray]:
    """Pixel numbers of each parcel."""
    block_area = 2400.0
    typical = 210.0 * math.exp(0.25 * float(rng.standard_normal()))
    pieces = [(np.arange(row.size), math.pi * float(rng.random()), 0.0, 1.0)]
    while pieces:
        pixels, angle, target, elongation = pieces.pop()
        if target == 0.0 and len(pixels) < block_area:
            angle += 0.15 * float(rng.standard_normal())
            target = typical * math.exp(0.7 * float(rng.standard_normal()))
            elongation = 1.0 + 1.5 * float(rng.random())
        if target > 0.0 and len(pixels) < target * (0.7 + 1.3 * float(rng.random())):
            yield pixels
            continue
        width = _gap_width(rng, openness, road=target == 0.0)
        for part in _cut(rng, row[pixels], col[pixels], angle, elongation, width):
            if part.any():
                pieces.append((pixels[part], angle, target, elongation))


def _gap_width(rng: np.random.Generator, openness: float, road: bool) -> float:
    """Pixels left free along a cut."""
    draw = float(rng.random())
    if road:
        return 0.7 + 1.3 * openness * draw
    return 0.9 if draw < 0.15 + 0.4 * openness else 0.0


def _cut(
    rng: np.random.Generator,
    row: np.ndarray,
    col: np.ndarray,
    angle: float,
    elongation: float,
    width: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Masks of the pixels on either side of a line across the longer side."""
    tilt = angle + 0.04 * float(rng.standard_normal())
    along = row * math.cos(tilt) + col * math.sin(tilt)
    across = col * math.cos(tilt) - row * math.sin(tilt)
    longer = np.ptp(along) > elongation * np.ptp(across)
    position = along if longer else across
    low, high = float(position.min()), float(position.max())
    line = low + (high - low) * (0.3 + 0.4 * float(rng.random()))
    return position < line - width / 2, position >= line + width / 2


def choose_uncovered(rng: np.random.Generator, parcels: Parcels, share: float) -> np.ndarray:
    """Which parcels are no farmland, so that about ``share`` of the ground is uncovered.

    They lie together, as woods and villages do: the parcels where a smooth field is lowest.

    Returns:
        N bool.
    """
    size = parcels.unit.shape[0]
    field = smooth_noise(rng, 1, size, 40.0)[0]
    numbers, first = np.unique(parcels.unit, return_index=True)
    height = field.reshape(-1)[first[numbers != GAP]]
    gaps = int((parcels.unit == GAP).sum())
    order = np.argsort(height, kind="stable")
    # a parcel goes where the share is still missed by more than half of it
    before = gaps + np.cumsum(parcels.inside[order]) - parcels.inside[order] / 2
    uncovered = np.zeros(len(parcels.inside), dtype=bool)
    uncovered[order] = before < share * parcels.unit.size
    return uncovered
