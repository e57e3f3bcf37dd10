"""Arrays as another process finds them: by the file that they are a map of, or in one of their own.

An array over a memory map is not copied: what is told of it is where it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pimc.compute.file_place import find_place, open_place
from pimc.data.atomic import explain_disk
from pimc.signal.row_subset import RowSubset
from pimc.signal.sharded_array import ShardedArray

Located = dict[str, Any]
"""Where an array lies, as JSON's own types."""


class ArrayPlaces:
    """Says where arrays lie; those that lie in memory are written below ``folder``, each once."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._known: dict[int, Located] = {}
        self._kept: list[object] = []  # or another array could take the number of one that is gone

    def locate(self, array: object) -> Located:
        """Where an array lies, for ``open_located``."""
        if id(array) not in self._known:
            self._kept.append(array)
            self._known[id(array)] = self._describe(array)
        return self._known[id(array)]

    def _describe(self, array: object) -> Located:
        if isinstance(array, RowSubset):
            return {"rows": self.locate(array.rows), "of": self.locate(array.array)}
        if isinstance(array, ShardedArray):
            shards = [self.locate(shard) for shard in array.shards]
            return {"shards": shards, "fill": array.fill, "bands": list(array.bands)}
        if isinstance(array, np.ndarray) and (place := find_place(array)):
            path, dtype = str(Path(place.path).resolve()), np.dtype(place.dtype).str
            return {"file": [path, dtype, place.offset, list(place.shape), place.order]}
        return {"array": self._write(np.asarray(array))}

    def _write(self, array: np.ndarray) -> str:
        path = self.folder / f"array-{len(self._kept)}.npy"
        with explain_disk(path, array.nbytes):
            np.save(path, array, allow_pickle=False)
        return str(path.resolve())


def open_located(place: Mapping[str, Any]) -> Any:  # noqa: ANN401  what it was
    """The array that ``ArrayPlaces.locate`` has described; nothing is read but what is asked for.

    Raises:
        FileNotFoundError: if a file is not there: another machine needs the same folders.
    """
    if "of" in place:
        return RowSubset(open_located(place["of"]), np.asarray(open_located(place["rows"])))
    if "shards" in place:
        shards = [open_located(shard) for shard in place["shards"]]
        return ShardedArray(shards, place["fill"], place["bands"])
    if "array" in place:
        loaded: np.ndarray = np.load(place["array"], mmap_mode="r", allow_pickle=False)
        return loaded
    path, dtype, offset, shape, order = place["file"]
    return open_place(path, dtype, offset, tuple(shape), order)
