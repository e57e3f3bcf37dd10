"""Acquisitions in any order, several a day, become one a day in order of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class DayOrder:
    """Acquisitions by their day.

    Attributes:
        days: D int64, strictly increasing.
        groups: of each day the acquisitions, in the order given.
    """

    days: np.ndarray
    groups: tuple[np.ndarray, ...]

    @property
    def repeated(self) -> int:
        """Days with several acquisitions."""
        return sum(len(group) > 1 for group in self.groups)

    def merge(self, reflectance: np.ndarray) -> np.ndarray:
        """One observation a day: each pixel of the first acquisition with most of its bands.

        Args:
            reflectance: P x T x C int16, in the order given; above 0 where it was measured.

        Returns:
            P x D x C int16.
        """
        merged = reflectance[:, [group[0] for group in self.groups]]
        for place, group in enumerate(self.groups):
            if len(group) > 1:
                parts = reflectance[:, group]
                chosen = (parts > 0).sum(axis=2).argmax(axis=1)  # the first of equals
                merged[:, place] = parts[np.arange(len(parts)), chosen]
        return merged


def order_days(days: np.ndarray) -> DayOrder:
    """Which acquisitions belong to each day.

    Args:
        days: T int, days since 1970-01-01, in any order.
    """
    unique, first = np.unique(np.sort(days), return_index=True)
    groups = np.split(np.argsort(days, kind="stable"), first[1:])
    return DayOrder(unique.astype(np.int64), tuple(groups))
