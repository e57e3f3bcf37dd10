"""Look into a ``.npy`` file without reading its values."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pimc.data.npy_header import read_npy_header
from pimc.data.regular_file import check_regular, told

EXPECTED = "a NumPy .npy file of plain numbers"


def npy_shape(path: Path, dtype: type[np.generic], dimensions: int) -> tuple[int, ...]:
    """Shape of the array in a ``.npy`` file, once header and file size agree.

    Args:
        path: the file; only its header is read.
        dtype: the dtype that it must have.
        dimensions: how many axes it must have.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: not a ``.npy`` file, cut short, of another dtype, or of other axes.
    """
    check_regular(path, EXPECTED)
    with told(path, EXPECTED, "extract or download it again"), path.open("rb") as file:
        shape, found, expected = read_npy_header(file)
    size = path.stat().st_size
    if size < expected:
        raise ValueError(
            f"{path}: truncated: its header promises {shape} {found}, {expected} bytes in all, "
            f"but the file has {size}; extract or download it again"
        )
    if found != np.dtype(dtype) or len(shape) != dimensions:
        raise ValueError(
            f"{path}: expected {np.dtype(dtype)} with {dimensions} axes, got {found} of shape "
            f"{shape}"
        )
    return shape
