"""Where a memory map lies in its file, so that another process maps it too."""

from __future__ import annotations

from mmap import mmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike


class FilePlace(NamedTuple):
    """Where a memory map lies."""

    path: str
    dtype: DTypeLike
    offset: int
    shape: tuple[int, ...]
    order: str


def find_place(array: np.ndarray) -> FilePlace | None:
    """Where an array lies that is a read-only memory map, or a whole part of one; else None."""
    root: Any = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    # what was changed in memory is not in the file
    mapped = isinstance(root, np.memmap) and isinstance(root.base, mmap) and root.mode == "r"
    whole = array.flags.c_contiguous or array.flags.f_contiguous
    if not (mapped and whole and array.size and root.filename):
        return None
    # a part says the offset of the whole
    offset = root.offset + _address(array) - _address(root)
    order = "C" if array.flags.c_contiguous else "F"
    return FilePlace(str(root.filename), array.dtype, offset, array.shape, order)


def open_place(*place: Any) -> np.ndarray:  # noqa: ANN401
    """The memory map of ``find_place``."""
    path, dtype, offset, shape, order = place
    return np.memmap(path, dtype, "r", offset, shape, order)


def _address(array: np.ndarray) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
