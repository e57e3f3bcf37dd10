"""Looking at a parquet file before it is read."""

from __future__ import annotations

from pathlib import Path

from pimc.data.regular_file import check_regular, memory, told

EXPECTED = "a parquet file"
REMEDY = "write it again, or download it again"

CELL = 8
"""Bytes that a value takes in memory at least, however few it has in the file."""


def parquet_columns(path: Path) -> list[str]:
    """Names of the columns, from the end of the file: no value is read.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is none, or has more values than the memory has room for.
    """
    from pyarrow.parquet import read_metadata

    check_regular(path, EXPECTED)
    with told(path, EXPECTED, REMEDY):
        facts = read_metadata(path)
        cells, room = facts.num_rows * facts.num_columns, memory()
        if cells * CELL > room:
            raise ValueError(f"{cells:,} values, the memory has {room:,} bytes")
        names = [str(name) for name in facts.schema.to_arrow_schema().names]
    return names
