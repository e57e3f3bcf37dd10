"""Cut the grid of a place into equal patches, and its ground into training and held-out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pimc.data.patch import UNUSED_FOLD

TRAINING_FOLD = 1
HELD_OUT_FOLD = 4
"""Validation ground of a stack, as fold 4 is PASTIS's validation fold."""


@dataclass(frozen=True)
class Span:
    """A stretch of rows or columns, ``start..stop``, of which ``own_start..own_stop`` is its own.

    Stretches overlap; what each owns does not, so that no pixel is used twice.
    """

    start: int
    stop: int
    own_start: int
    own_stop: int


def spans(length: int, size: int) -> tuple[Span, ...]:
    """Cut ``length`` pixels into stretches of ``size``; the last shifts inward, none is padded.

    The overlap that this makes is shared half and half: each pixel belongs to the stretch in
    which it lies farther from the end, so that crops around it fit.

    Raises:
        ValueError: size above length.
    """
    if size > length:
        raise ValueError(f"patches of {size} pixels do not fit into {length}")
    starts = [*range(0, length - size, size), length - size]
    borders = [(start + before + size) // 2 for before, start in pairwise(starts)]
    return tuple(
        Span(start, start + size, first, last)
        for start, first, last in zip(starts, [0, *borders], [*borders, length], strict=True)
    )


def split_ground(shape: tuple[int, int], held_out: float, gap: int) -> np.ndarray:
    """Folds of a place: training ground, a gap, then held-out ground along its longer side.

    Training ground (fold 1) comes first (west, or north where the place is taller than wide); the
    last ``held_out`` share is fold 4; the ``gap`` pixels between them are ``UNUSED_FOLD``, so that
    no crop of up to ``gap`` pixels has ground of both sides.

    Args:
        shape: rows and columns of the place.
        held_out: share of the longer side, 0 for none.
        gap: pixels.

    Returns:
        H x W uint8.

    Raises:
        ValueError: nothing is left to train on, or to hold out.
    """
    length = max(shape)
    held = round(held_out * length)
    training = length - held - gap if held_out else length
    if training < 1 or (held_out and held < 1):
        raise ValueError(
            f"a place of {shape[0]} x {shape[1]} pixels cannot be split into training ground, a "
            f"gap of {gap} and {held} held-out pixels along its longer side; "
            "lower gap, or change held_out"
        )
    line = np.full(length, UNUSED_FOLD, dtype=np.uint8)
    line[:training] = TRAINING_FOLD
    line[length - held : length] = HELD_OUT_FOLD
    along = line[None, :] if shape[1] >= shape[0] else line[:, None]
    return np.broadcast_to(along, shape)


def patch_folds(ground: np.ndarray, rows: Span, cols: Span) -> np.ndarray:
    """Folds of one patch: those of the ground where it is the patch's own, else unused.

    Args:
        ground: H x W uint8 folds of the place.
        rows: rows of the patch.
        cols: columns of the patch.
    """
    folds = np.full((rows.stop - rows.start, cols.stop - cols.start), UNUSED_FOLD, dtype=np.uint8)
    place_part = np.s_[rows.own_start : rows.own_stop, cols.own_start : cols.own_stop]
    patch_part = np.s_[
        rows.own_start - rows.start : rows.own_stop - rows.start,
        cols.own_start - cols.start : cols.own_stop - cols.start,
    ]
    folds[patch_part] = ground[place_part]
    return folds
