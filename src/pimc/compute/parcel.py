"""Pieces of work as bytes: what they share is in them once, memory maps are named by their file."""

from __future__ import annotations

import io
from typing import Any

import cloudpickle
import numpy as np

from pimc.compute.file_place import find_place, open_place


def pack(work: object, *, by_file: bool) -> bytes:
    """Work as bytes.

    Args:
        work: of any kind, functions and closures among it.
        by_file: whether read-only memory maps are opened again where the bytes are read; else
            their values are among the bytes.
    """
    buffer = io.BytesIO()
    pickler = _ByFile(buffer) if by_file else cloudpickle.Pickler(buffer)
    pickler.dump(work)
    return buffer.getvalue()


class _ByFile(cloudpickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:  # noqa: ANN401
        if isinstance(obj, np.ndarray) and (place := find_place(obj)):
            return open_place, tuple(place)
        return super().reducer_override(obj)
