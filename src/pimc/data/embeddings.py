"""Embeddings of pixels that others made, as a file: npz, or parquet with one row a pixel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pimc.data.npz_file import read_arrays
from pimc.data.parquet_file import EXPECTED, REMEDY, parquet_columns
from pimc.data.regular_file import check_regular, told

if TYPE_CHECKING:
    from pyarrow import ChunkedArray, Table

VALUES = "embedding"
"""Entry of an npz, or column of lists in a parquet file."""

NUMBERED = re.compile(r"(.*?)(\d+)")
"""Columns of a parquet file that are a dimension each: A00 to A63, embedding_0 ..."""

KEYS = (("patch", "row", "col"), ("id",), ("lon", "lat"))
"""What may name a pixel: columns of one line stand together."""

KEY_NAMES = tuple(name for names in KEYS for name in names)


@dataclass(frozen=True, eq=False)
class EmbeddingTable:
    """Embeddings of N pixels.

    Attributes:
        values: N x D, of a type of floats.
        source: the file, for messages.
        keys: N each, by names of ``KEYS``: what the pixels are called; none where the order of a
            table of pixels names them.
        unread: what else the file holds.
    """

    values: np.ndarray
    source: Path
    keys: Mapping[str, np.ndarray] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes, types, and that no key is half there."""
        values = self.values
        if values.ndim != 2 or 0 in values.shape:
            raise ValueError(
                f"{self.source}: {VALUES} must be pixels x dimensions, got shape {values.shape}"
            )
        if not np.issubdtype(values.dtype, np.floating):
            raise ValueError(
                f"{self.source}: {VALUES} must be floats, got {values.dtype}: embeddings that are "
                "handed out as integers have a scale; apply it first"
            )
        for name, key in self.keys.items():
            if key.shape != (len(values),):
                raise ValueError(
                    f"{self.source}: {name} must have one value for each of {len(values)} rows of "
                    f"{VALUES}, got shape {key.shape}"
                )
        for names in KEYS:
            there = [name for name in names if name in self.keys]
            if there and len(there) < len(names):
                raise ValueError(
                    f"{self.source}: {', '.join(names)} name a pixel together, got "
                    f"{', '.join(there)} alone"
                )

    def __len__(self) -> int:
        return len(self.values)


def read_embeddings(path: Path) -> EmbeddingTable:
    """Read a file of embeddings.

    ============== =====================================================================
    ``.npz``       ``embedding``, N x D floats, and the keys, N each; ``lonlat``, N x 2,
                   is lon and lat. No pickled objects
    ``.parquet``   a column ``embedding`` of lists of one length, or a column a dimension
                   (A00, A01, ...), and columns of the keys
    keys           patch, row and col, as in ``pixels``; or id; or lon and lat in degrees
    ============== =====================================================================

    Raises:
        FileNotFoundError: no such file.
        ValueError: another form, pickled objects, ragged or missing rows, integers.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"no file of embeddings at {path}: expected an .npz or .parquet; correct "
            "the arm's `file`"
        )
    check_regular(path, "a file of embeddings")
    if path.suffix == ".npz":
        return _read_npz(path)
    if path.suffix == ".parquet":
        return _read_parquet(path)
    raise ValueError(f"{path}: expected embeddings as .npz or .parquet")


def _read_npz(path: Path) -> EmbeddingTable:
    entries = read_arrays(path)
    if VALUES not in entries:
        raise ValueError(f"{path}: {VALUES} missing; it has {', '.join(entries)}")
    lonlat = entries.pop("lonlat", None)
    if lonlat is not None:
        if lonlat.ndim != 2 or lonlat.shape[1] != 2:
            raise ValueError(f"{path}: lonlat must be pixels x 2, got shape {lonlat.shape}")
        entries |= {"lon": lonlat[:, 0], "lat": lonlat[:, 1]}
    return EmbeddingTable(
        entries.pop(VALUES),
        path,
        {name: entries[name] for name in KEY_NAMES if name in entries},
        tuple(name for name in entries if name not in KEY_NAMES),
    )


def _read_parquet(path: Path) -> EmbeddingTable:
    from pyarrow.parquet import read_table

    parquet_columns(path)
    with told(path, EXPECTED, REMEDY):
        table = read_table(path)
    keys = [name for name in KEY_NAMES if name in table.column_names]
    if VALUES in table.column_names:
        read, values = [VALUES], _from_lists(table[VALUES], path)
    else:
        read = _numbered_columns(table, path)
        values = np.stack([table[name].to_numpy() for name in read], axis=1)
    return EmbeddingTable(
        values,
        path,
        {name: table[name].to_numpy() for name in keys},
        tuple(name for name in table.column_names if name not in (*keys, *read)),
    )


def _from_lists(column: ChunkedArray, path: Path) -> np.ndarray:
    """Lists of one length as N x D."""
    import pyarrow.compute as pc
    from pyarrow import types

    kind = column.type
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        raise ValueError(f"{path}: {VALUES} must be lists of floats, got {kind}")
    if column.null_count:
        raise ValueError(f"{path}: {column.null_count} of {len(column)} rows have no {VALUES}")
    lengths = np.unique(pc.list_value_length(column).to_numpy())
    if len(lengths) != 1:
        raise ValueError(
            f"{path}: each {VALUES} must have the same length, got {lengths[0]} to {lengths[-1]}"
            if len(lengths)
            else f"{path}: {VALUES} has no rows"
        )
    flat = pc.list_flatten(column).to_numpy()
    return np.asarray(flat.reshape(len(column), -1))


def _numbered_columns(table: Table, path: Path) -> list[str]:
    """Columns of one name and a number, in order of the number."""
    found: dict[str, dict[int, str]] = {}
    for name in table.column_names:
        if match := NUMBERED.fullmatch(name):
            found.setdefault(match[1], {})[int(match[2])] = name
    if len(found) != 1:
        several = f"numbered columns of several names ({', '.join(found)})" if found else "none"
        raise ValueError(
            f"{path}: expected a column {VALUES} of lists, or a column a dimension (A00, A01, "
            f"...), got {several}; it has {', '.join(table.column_names)}"
        )
    (columns,) = found.values()
    first, last = min(columns), max(columns)
    if len(columns) != last - first + 1 or first > 1:
        raise ValueError(
            f"{path}: expected a column a dimension, counted from 0 or 1, got {len(columns)} of "
            f"{columns[first]} to {columns[last]}"
        )
    return [columns[number] for number in sorted(columns)]
