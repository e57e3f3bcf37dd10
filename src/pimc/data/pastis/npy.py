"""Look into a ``.npy`` file without reading its values."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np


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
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, _, found = header(file)
        except (ValueError, KeyError) as error:
            raise ValueError(
                f"{path}: expected a NumPy .npy file, but its header cannot be read ({error}); "
                "extract or download it again"
            ) from error
        start = file.tell()
    expected = start + math.prod(shape) * found.itemsize
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
    return tuple(shape)
