"""A short hash that changes whenever a source would read differently."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

FileStamp = tuple[str, int, int]
"""Name, size in bytes and modification time in nanoseconds of a file."""


def file_stamp(path: Path) -> FileStamp:
    """What a file's content is taken to hang on, without reading it."""
    status = path.stat()
    return path.name, status.st_size, status.st_mtime_ns


def fingerprint(*parts: object) -> str:
    """Hash the ``repr`` of the parts: file stamps, options (frozen dataclasses), arrays' facts.

    Returns:
        16 hexadecimal digits; equal parts give equal hashes in every process.
    """
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def array_digest(*arrays: np.ndarray) -> str:
    """Hash dtype, shape and every value of arrays of numbers.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]
