"""Arrays and facts in one safetensors file that knows its own name and the digest of its content.

Under another's name, cut, or with a flipped bit it is refused. Files that were written before they
knew either are whole if their size is what their header says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.atomic import replace_bytes
from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.kept import AGAIN

NAME, DIGEST = "file", "digest"
"""Facts of a file on itself."""

DTYPES = {
    "BOOL": np.bool_,
    "U8": np.uint8,
    "I8": np.int8,
    "U16": np.uint16,
    "I16": np.int16,
    "U32": np.uint32,
    "I32": np.int32,
    "U64": np.uint64,
    "I64": np.int64,
    "F16": np.float16,
    "F32": np.float32,
    "F64": np.float64,
}
"""By their names in safetensors."""


def write_tensors(path: Path, arrays: Mapping[str, np.ndarray], facts: Mapping[str, str]) -> None:
    """Write a file, whole or not at all."""
    from safetensors.numpy import save

    stated = {**facts, NAME: path.name}
    whole = {name: np.require(array, requirements="C") for name, array in arrays.items()}
    replace_bytes(path, save(whole, metadata={**stated, DIGEST: _digest(stated, whole)}))


def map_tensors(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Facts, and arrays as memory maps: nothing but the header is read.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if its size is another than its header says, or its name.
    """
    entries, start = _read_header(path)
    try:
        facts: dict[str, str] = entries.pop("__metadata__", {})
        end = start + max((entry["data_offsets"][1] for entry in entries.values()), default=0)
        if (size := path.stat().st_size) != end:
            raise ValueError(f"expected {end} bytes, got {size}")
        if (name := facts.get(NAME, path.name)) != path.name:
            raise ValueError(f"expected what was written under this name, got what was {name}")
        arrays = {name: _map(path, entry, start) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise _no_file(path, error) from error
    return facts, arrays


def read_tensors(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """As ``map_tensors``, all of the file compared with its digest.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not as it was written.
    """
    facts, arrays = map_tensors(path)
    stated = {name: value for name, value in facts.items() if name != DIGEST}
    if facts.get(DIGEST, whole := _digest(stated, arrays)) != whole:
        raise _no_file(path, f"expected content of digest {facts[DIGEST]}, got {whole}")
    return facts, arrays


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """What a safetensors file begins with, and where its arrays begin."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= size - 8:
            raise _no_file(path, f"expected a header and arrays, got {size} bytes in all")
        try:
            entries = json.loads(file.read(length))
        except ValueError as error:
            raise _no_file(path, f"expected a header of JSON, got {error}") from error
    if not isinstance(entries, dict):
        raise _no_file(path, f"expected a header of names, got a {type(entries).__name__}")
    return entries, 8 + length


def _map(path: Path, entry: Mapping[str, Any], start: int) -> np.ndarray:
    dtype, shape = DTYPES[entry["dtype"]], tuple(entry["shape"])
    if 0 in shape:  # nothing to map: a memory map cannot be empty
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, mode="r", offset=start + entry["data_offsets"][0], shape=shape)


def _digest(facts: Mapping[str, str], arrays: Mapping[str, np.ndarray]) -> str:
    names = sorted(arrays)
    return fingerprint(sorted(facts.items()), names, array_digest(*map(arrays.__getitem__, names)))


def _no_file(path: Path, reason: object) -> ValueError:
    return ValueError(f"{path} is damaged, or another file: {reason}; {AGAIN}")
