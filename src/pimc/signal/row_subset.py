"""Chosen rows of an array that stays where it lies."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class RowReader(Protocol):
    """What is read by rows: an array, a memory map, a sharded array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows first."""

    def __getitem__(self, rows: np.ndarray, /) -> np.ndarray:
        """Rows by index array."""


class RowSubset:
    """Rows ``rows`` of ``array`` as an array of their own; only the rows asked for are read.

    Fancy indexing of a memory map would read and copy every chosen row at once.
    """

    def __init__(self, array: RowReader, rows: np.ndarray):
        self.array, self.rows = array, rows
        self.shape = (len(rows), *array.shape[1:])
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: int | np.integer | slice | np.ndarray) -> np.ndarray:
        """Rows by number, slice or index array, as of any array."""
        if isinstance(rows, int | np.integer):
            row: np.ndarray = self.array[self.rows[rows : rows + 1]][0]
            return row
        return np.asarray(self.array[self.rows[rows]])
