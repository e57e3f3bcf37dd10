"""Arrays in an npz archive: no pickled object, nothing larger than the memory."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, cast
from zipfile import ZipFile, ZipInfo

import numpy as np

from pimc.data.npy_header import read_npy_header
from pimc.data.regular_file import check_regular, memory, told

EXPECTED = "an npz of plain arrays"
REMEDY = "write it again by numpy.savez, without objects"


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an archive by name.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no archive, damaged, encrypted, has pickled objects, or unpacks to more
            than the memory.
    """
    check_regular(path, EXPECTED, memory())
    with told(path, EXPECTED, REMEDY), np.load(path, allow_pickle=False) as archive:
        size = sum(entry.file_size for entry in archive.zip.infolist())
        if size > (room := memory()):
            raise ValueError(f"arrays of {size:,} bytes, the memory has {room:,}")
        for entry in archive.zip.infolist():
            _check_declared(cast(ZipFile, archive.zip), entry)
        return {name: archive[name] for name in archive.files}


def _check_declared(archive: ZipFile, entry: ZipInfo) -> None:
    """Refuse an array whose header declares more than there is: room is taken by the header."""
    with archive.open(entry) as file:
        shape, dtype, size = read_npy_header(cast(BinaryIO, file))
    if not dtype.hasobject and size != entry.file_size:
        raise ValueError(
            f"{entry.filename} of shape {shape}, {size:,} bytes by its header and "
            f"{entry.file_size:,} in the archive"
        )
