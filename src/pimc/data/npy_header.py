"""The header of an array as numpy writes it."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np


def read_npy_header(file: BinaryIO) -> tuple[tuple[int, ...], np.dtype, int]:
    """Shape, dtype, and the bytes of header and values together; the values are not read.

    Raises:
        ValueError: if there is none.
    """
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"a header of version {version[0]}.{version[1]}")
    shape, _, dtype = readers[version](file)
    if any(length < 0 for length in shape):
        raise ValueError(f"a shape of {shape}")
    # Python's integers, which have no end
    size = int(dtype.itemsize)
    for length in shape:
        size *= int(length)
    return tuple(shape), dtype, file.tell() + size
