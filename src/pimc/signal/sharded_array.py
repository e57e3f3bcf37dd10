"""Arrays that lie in several pieces, read as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike


class ShardedArray:
    """Pieces of one dtype as one read-only array along their first axis.

    Where pieces differ in a later axis (patches have different numbers of dates), the shorter
    ones are padded at the end with ``fill``. Only the rows asked for are read, so pieces may be
    memory maps far larger than memory.

    Attributes:
        bands: names of one of the axes, where it is one of bands.
        alike: whether no piece is padded.
    """

    def __init__(self, shards: Sequence[np.ndarray], fill: int = 0, bands: Sequence[str] = ()):
        if not shards:
            raise ValueError("a sharded array needs at least one shard, got none")
        self.shards = list(shards)
        self.fill, self.bands = fill, tuple(bands)
        self.starts = np.cumsum([0, *(len(shard) for shard in self.shards)])
        trailing = np.max([shard.shape[1:] for shard in self.shards], axis=0)
        self.shape = (int(self.starts[-1]), *(int(side) for side in trailing))
        self.dtype = self.shards[0].dtype
        self.alike = all(shard.shape[1:] == self.shape[1:] for shard in self.shards)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: int | np.integer | slice | np.ndarray) -> np.ndarray:
        """One row (a view of its piece where no padding is due), a slice or an index array.

        Raises:
            IndexError: for a row that does not exist; rows are counted from the start.
        """
        if isinstance(rows, int | np.integer):
            return self._row(int(rows))
        if isinstance(rows, slice):
            return self._gather(np.arange(*rows.indices(len(self))))
        return self._gather(np.asarray(rows))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)

    def _row(self, row: int) -> np.ndarray:
        owner = int(np.searchsorted(self.starts, row, side="right")) - 1
        if 0 <= row < len(self) and self.shards[owner].shape[1:] == self.shape[1:]:
            view: np.ndarray = self.shards[owner][row - self.starts[owner]]
            return view
        padded: np.ndarray = self._gather(np.array([row]))[0]
        return padded

    def _gather(self, rows: np.ndarray) -> np.ndarray:
        if rows.size and not (0 <= rows.min() and rows.max() < len(self)):
            raise IndexError(f"rows must be 0..{len(self) - 1}, got {rows.min()}..{rows.max()}")
        out = np.full((len(rows), *self.shape[1:]), self.fill, self.dtype)
        owners = np.searchsorted(self.starts, rows, side="right") - 1
        for owner in np.unique(owners):
            here = np.flatnonzero(owners == owner)
            part = self.shards[owner][rows[here] - self.starts[owner]]
            filled: tuple[np.ndarray | slice, ...] = (here, *(slice(n) for n in part.shape[1:]))
            out[filled] = part
        return out
