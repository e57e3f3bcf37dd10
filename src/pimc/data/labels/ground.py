"""The pixels of places with their labels, parcels and folds, window by window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from pimc.data.labels.blocks import Coarse, Deal, far_inside, gap_reach
from pimc.data.labels.burning import NO_LABEL, NO_PARCEL, Shapes, burn
from pimc.data.patch import UNUSED_FOLD
from pimc.data.windows import Span, spans

Window = tuple[Span, Span]
"""Rows and columns of a patch."""

BeforeWindows = dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]
"""By first row and column of a window: features that it labels, and how many of their pixels lie
in the windows before."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What is known of the pixels of a patch beside their reflectance.

    Attributes:
        folds: H x W uint8.
        labels: H x W int16, ``NO_LABEL`` where there is none; None without labels.
        parcels: H x W int32; None without labels.
        dealing: of the folds, by a name, where they come from labels.
    """

    folds: np.ndarray
    labels: np.ndarray | None = None
    parcels: np.ndarray | None = None
    dealing: str = ""


@dataclass(frozen=True, eq=False)
class Thinning:
    """Which of a feature's pixels keep their label, where it has more than are wanted.

    Attributes:
        most: pixels of a feature; None for all.
        total: N + 1 int64, pixels of each feature by number.
        before: what lies in the windows before.
    """

    most: int | None
    total: np.ndarray
    before: BeforeWindows

    def choose(self, window: Window, parcels: np.ndarray) -> np.ndarray:
        """Of a window's labelled pixels, those that keep their label: evenly over each feature.

        Args:
            window: of the patch.
            parcels: n int, features of the pixels, row by row.
        """
        if self.most is None or not len(parcels):
            return np.ones(len(parcels), bool)
        known, before = self.before[window[0].start, window[1].start]
        order = np.argsort(parcels, kind="stable")
        first = np.searchsorted(parcels[order], parcels[order])
        rank = np.empty(len(parcels), np.int64)
        rank[order] = np.arange(len(parcels)) - first
        rank += before[np.searchsorted(known, parcels)]
        return spread_evenly(rank, self.total[parcels], self.most)


def spread_evenly(rank: np.ndarray, total: np.ndarray, most: int) -> np.ndarray:
    """Which members of groups are kept, at most so many of each, evenly over it.

    Args:
        rank: N int, number of each member in its group, from 0.
        total: N int, members of its group.
        most: of a group.
    """
    wanted = np.minimum(most, total)
    kept: np.ndarray = (rank + 1) * wanted // total > rank * wanted // total
    return kept


@dataclass(frozen=True, eq=False)
class PlaceGround:
    """One place with the features that lie on it.

    Attributes:
        shape: rows and columns.
        shapes: its features, in its pixels.
        codes: N int16, classes of all features.
        deal: folds of all features.
        gap: pixels between folds.
        nearest: the feature nearest to ground, by which it has its fold; None where folds are not
            dealt by features.
        split: H x W uint8 folds where they are not dealt by features.
        thinning: of the labelled pixels.
        dealing: name of the folds.
    """

    shape: tuple[int, int]
    shapes: Shapes
    codes: np.ndarray
    deal: Deal
    gap: int
    nearest: Coarse | None = None
    split: np.ndarray | None = None
    thinning: Thinning | None = None
    dealing: str = ""

    def read(self, window: Window) -> Ground:
        """Folds, labels and parcels of a patch; what another patch owns has no fold."""
        folds, parcels = self.find(window)
        labelled = (parcels != NO_PARCEL) & (folds != UNUSED_FOLD)
        if self.thinning is not None:
            labelled[labelled] = self.thinning.choose(window, parcels[labelled])
        labels = np.full(parcels.shape, NO_LABEL, np.int16)
        labels[labelled] = self.codes[parcels[labelled] - 1]
        return Ground(folds, labels, parcels, self.dealing)

    def find(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Folds (H x W uint8) and features (H x W int32) of a patch.

        Ground belongs to the fold of its feature, or of the nearest one; where ground of another
        fold is nearer than half the gap, to none.
        """
        reach = 0 if self.nearest is None else gap_reach(self.gap)
        wide, inner = zip(
            *(_widened(span, reach, side) for span, side in zip(window, self.shape, strict=True)),
            strict=True,
        )
        parcels = burn(self.shapes, *wide).parcels
        if self.nearest is None:
            folds = self._split_folds(window, parcels)
        else:
            owner = np.where(parcels != NO_PARCEL, parcels, self.nearest.at(*wide))
            territory = self.deal.folds[owner]
            folds = np.where(far_inside(territory, reach), territory, UNUSED_FOLD)[inner]
        return _owned(folds, window), parcels[inner]

    def _split_folds(self, window: Window, parcels: np.ndarray) -> np.ndarray:
        """Folds of ground that is split by its longer side; a feature stays in one."""
        if self.split is None:
            raise ValueError("ground without features has folds by its longer side")
        rows, cols = window
        folds = np.array(self.split[rows.start : rows.stop, cols.start : cols.stop])
        labelled = parcels != NO_PARCEL
        folds[labelled & (folds != self.deal.folds[parcels])] = UNUSED_FOLD
        return folds


def place_windows(shape: tuple[int, int], size: int) -> Iterator[Window]:
    """The patches of a place, row by row."""
    yield from product(*(spans(side, size) for side in shape))


def _owned(folds: np.ndarray, window: Window) -> np.ndarray:
    """Folds of a patch without those of pixels that another one owns."""
    owned = np.full(folds.shape, UNUSED_FOLD, np.uint8)
    part = tuple(slice(span.own_start - span.start, span.own_stop - span.start) for span in window)
    owned[part] = folds[part]
    return owned


def _widened(span: Span, reach: int, length: int) -> tuple[slice, slice]:
    """A stretch with ``reach`` more on both sides, as far as there are; and itself in it."""
    start, stop = max(0, span.start - reach), min(length, span.stop + reach)
    return slice(start, stop), slice(span.start - start, span.stop - start)
