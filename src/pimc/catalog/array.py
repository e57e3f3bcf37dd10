"""Arrays as .npy files, written whole or chunk by chunk, loaded as memory maps."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from pimc.data.atomic import explain_disk, reserve, temporary_sibling
from pimc.data.kept import AGAIN
from pimc.signal.chunks import ArrayChunk


class NpyArray(AbstractDataset[np.ndarray | ArrayChunk, np.ndarray]):
    """One array in one .npy file; ``load`` gives a read-only memory map.

    A node that returns an array has it written at once; a generator node yields ``ArrayChunk``s
    in order, so that the array never lies in memory. The file appears under its name only when
    the last row is written.
    """

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None):
        self._filepath = Path(filepath)
        self._written = 0
        self.metadata = metadata

    def save(self, data: np.ndarray | ArrayChunk) -> None:
        """Write an array, or the next chunk of one."""
        chunk = data if isinstance(data, ArrayChunk) else ArrayChunk(np.asarray(data), 0, len(data))
        temporary = temporary_sibling(self._filepath)
        if chunk.start == 0:
            self._written = 0
            shape = (chunk.total, *chunk.rows.shape[1:])
            dtype = chunk.rows.dtype
            with explain_disk(self._filepath, math.prod(shape) * dtype.itemsize):
                np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape)
            reserve(temporary, self._filepath)
        if chunk.start != self._written:
            raise DatasetError(
                f"{self._filepath}: expected the chunk that starts at row {self._written}, "
                f"got row {chunk.start}; chunks must come in order"
            )
        end = chunk.start + len(chunk.rows)
        np.lib.format.open_memmap(temporary, mode="r+")[chunk.start : end] = chunk.rows
        self._written = end
        if end == chunk.total:
            temporary.replace(self._filepath)

    def load(self) -> np.ndarray:
        """The array, memory-mapped.

        Raises:
            DatasetError: if the file is no whole array.
        """
        try:
            return map_array(self._filepath)
        except ValueError as error:
            raise DatasetError(str(error)) from error

    def preview(self) -> JSONPreview:
        """Shape and dtype, for kedro-viz."""
        array = self.load()
        return JSONPreview(json.dumps({"shape": array.shape, "dtype": str(array.dtype)}))

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def map_array(path: Path) -> np.ndarray:
    """A whole .npy file as a memory map.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is none, or of another size than its header says.
    """
    try:
        array: np.memmap = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is no whole .npy file: {error}; {AGAIN}") from error
    if (size := path.stat().st_size) != (expected := array.offset + array.nbytes):
        raise ValueError(f"{path}: expected {expected} bytes, got {size}; {AGAIN}")
    return array
