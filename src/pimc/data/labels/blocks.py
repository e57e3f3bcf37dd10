"""Features dealt to five folds by blocks of ground, so that every fold holds every class."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from pimc.data.folds import FOLDS
from pimc.data.labels.burning import NO_PARCEL
from pimc.data.patch import UNUSED_FOLD

CUTS = (1, 2, 3, 4, 5, 6, 8, 10, 14, 20)
"""Into how many blocks the longest side of a place is cut, along rows and along columns."""

NEARLY = 0.05
"""Shares of the labels in which two dealings differ too little to matter."""

ENOUGH = 50
"""Blocks: ten of each fold to draw from. More of them only come closer to each other."""


@dataclass(frozen=True, eq=False)
class Coarse:
    """The features of a place on a grid thin enough to try many cuttings.

    Attributes:
        parcels: h x w int32, the feature that labels a cell; ``NO_PARCEL`` for none.
        step: rows and columns of pixels in a cell.
        shape: rows and columns of pixels of the place.
    """

    parcels: np.ndarray
    step: int
    shape: tuple[int, int]

    def nearest(self) -> Coarse:
        """The same with the nearest feature in cells that have none."""
        from scipy.ndimage import distance_transform_edt

        _, (rows, cols) = distance_transform_edt(self.parcels == NO_PARCEL, return_indices=True)
        return replace(self, parcels=self.parcels[rows, cols])

    def at(self, rows: slice, cols: slice) -> np.ndarray:
        """The features of the cells of some pixels."""
        lines = (np.arange(each.start, each.stop) // self.step for each in (rows, cols))
        found: np.ndarray = self.parcels[np.ix_(*lines)]
        return found


@dataclass(frozen=True, eq=False)
class Deal:
    """Where each feature belongs.

    Attributes:
        folds: N + 1 uint8 by number of the feature (0 is none); ``UNUSED_FOLD`` where it labels
            nothing.
        blocks: N + 1 int32 likewise, from 1.
    """

    folds: np.ndarray
    blocks: np.ndarray


def far_inside(territory: np.ndarray, reach: int) -> np.ndarray:
    """Where all ground within ``reach`` cells, diagonals among them, is of one fold.

    Two such cells of different folds have at least 2 x ``reach`` others between them.
    """
    from scipy.ndimage import maximum_filter, minimum_filter

    size = 2 * reach + 1
    inside: np.ndarray = minimum_filter(territory, size, mode="nearest") == maximum_filter(
        territory, size, mode="nearest"
    )
    return inside


def gap_reach(gap: int) -> int:
    """Pixels of each side of a border that a gap of so many pixels takes."""
    return -(-gap // 2)


def deal_features(
    places: Sequence[Coarse], centres: np.ndarray, codes: np.ndarray, gap: int, seed: int
) -> Deal | None:
    """The cutting into blocks, and their dealing, that leaves most to score.

    Every cutting of the places into rectangles is tried: large ones lose little to the gaps
    between folds, small ones spread classes more evenly. Features go with the block that holds
    their centre, whole; ground goes with its nearest feature. Of all, that is taken in which most
    classes lie in all folds, then the one whose scarcest fold, in the mean over classes, keeps
    most pixels; among those nearly equal in that, the one of most blocks, up to ``ENOUGH``.

    Args:
        places: with the features of each.
        centres: N + 1 x 3, of the features (``cuttings``).
        codes: N int, the class of each feature.
        gap: pixels between folds.
        seed: of the order in which blocks alike are dealt.

    Returns:
        None where no dealing leaves labels in all five folds.
    """
    nearest = [place.nearest() if place.parcels.any() else None for place in places]
    owners = np.concatenate([place.parcels[place.parcels != NO_PARCEL] for place in places])
    total = np.bincount(codes[owners - 1], minlength=int(codes.max()) + 1)
    best: tuple[tuple[int, int, int, float], Deal] | None = None
    side = max(max(place.shape) for place in places)
    for blocks in cuttings(centres, side):
        folds = _deal_blocks(blocks, codes, seed)
        if folds is None:
            continue
        kept = np.zeros((len(total), len(FOLDS)), np.int64)
        for place, near in zip(places, nearest, strict=True):
            if near is not None:
                kept += _keep(place, folds[near.parcels], codes, folds, gap, len(total))
        if kept.any(axis=0).all():
            scarcest = len(FOLDS) * kept.min(axis=1) / np.maximum(total, 1)
            share, many = float(scarcest.mean()), min(int(blocks.max()), ENOUGH)
            worth = int((scarcest > 0).sum()), round(share / NEARLY), many, share
            if best is None or worth > best[0]:
                best = worth, Deal(folds, blocks)
    return None if best is None else best[1]


def cuttings(centres: np.ndarray, side: int) -> Iterator[np.ndarray]:
    """The block of each feature, N + 1 int32 from 1 (0: it labels nothing), cut by cut.

    A cutting that gives fewer than five blocks with features, far more than ``ENOUGH``, or those
    of one before, is none.

    Args:
        centres: N + 1 x 3, number of the place, row and column of each feature; NaN where it labels
            nothing.
        side: longest of the places, in pixels.
    """
    known = np.flatnonzero(~np.isnan(centres[:, 0]))
    seen = set()
    for down, along in product(CUTS, CUTS):
        cells = np.floor(centres[known] / (1, side / down, side / along)).astype(int)
        found = np.unique(cells, axis=0, return_inverse=True)[1].ravel()
        wanted = len(FOLDS) <= found.max(initial=-1) + 1 <= 2 * ENOUGH
        if not wanted or found.tobytes() in seen:
            continue
        seen.add(found.tobytes())
        blocks = np.zeros(len(centres), np.int32)
        blocks[known] = found + 1
        yield blocks


def _deal_blocks(blocks: np.ndarray, codes: np.ndarray, seed: int) -> np.ndarray | None:
    """Fold of each feature, by number: blocks stay whole, each fold gets of each class alike."""
    from sklearn.model_selection import StratifiedGroupKFold

    known = np.flatnonzero(blocks)
    folds = np.full(len(blocks), UNUSED_FOLD, np.uint8)
    if len(known) < len(FOLDS) or np.bincount(codes[known - 1]).max() < len(FOLDS):
        return None
    dealer = StratifiedGroupKFold(len(FOLDS), shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # of classes with fewer features than folds: we say so
        warnings.simplefilter("ignore", UserWarning)
        parts = list(dealer.split(known, codes[known - 1], blocks[known]))
    for fold, (_, members) in zip(FOLDS, parts, strict=True):
        folds[known[members]] = fold
    return folds


def _keep(
    place: Coarse,
    territory: np.ndarray,
    codes: np.ndarray,
    folds: np.ndarray,
    gap: int,
    classes: int,
) -> np.ndarray:
    """Labelled cells of each class and fold that no gap takes."""
    inside = far_inside(territory, -(-gap_reach(gap) // place.step))
    owner = place.parcels[inside & (place.parcels != NO_PARCEL)]
    kept = np.zeros((classes, len(FOLDS)), np.int64)
    np.add.at(kept, (codes[owner - 1], folds[owner] - 1), 1)
    return kept
