"""Dataclasses of arrays, tables and facts as folders."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, get_type_hints, runtime_checkable

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset, DatasetError
from kedro.utils import load_obj
from kedro_datasets._typing import JSONPreview

from pimc.catalog.array import NpyArray
from pimc.catalog.sharded import locate_shards, map_shards
from pimc.data.atomic import replace_text, replacing
from pimc.data.fingerprint import file_stamp
from pimc.data.json_file import read_json
from pimc.data.kept import AGAIN
from pimc.signal.sharded_array import ShardedArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RECORD = "record.json"


@runtime_checkable
class Stored(Protocol):
    """What knows how it is kept; it comes back by a ``from_json`` of its class."""

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""


class Record(AbstractDataset["DataclassInstance", "DataclassInstance"]):
    """A frozen dataclass in ``path``: ``record.json``, written last, says where its fields are.

    Arrays become .npy files, tables .parquet files, facts stand in the record itself. A memory
    map of an .npy file and the parts of a sharded array are not copied: the record names their
    files, and is refused where one was written since. Arrays are loaded as memory maps.

    ```yaml
    corpus:
      type: pimc.catalog.record.Record
      path: data/05_model_input/corpus
      kind: pimc.pretraining.corpus.Corpus
    ```
    """

    def __init__(self, path: str, kind: str, metadata: dict[str, Any] | None = None):
        self._path, self._kind_name = Path(path), kind
        self.metadata = metadata

    def save(self, data: DataclassInstance) -> None:
        """Write the fields, then the record."""
        self._path.mkdir(parents=True, exist_ok=True)
        record = self._path / RECORD
        record.unlink(missing_ok=True)  # until all fields are written, there is none
        entries = {
            each.name: self._put(each.name, getattr(data, each.name)) for each in fields(data)
        }
        replace_text(record, json.dumps(entries, indent=1))

    def load(self) -> DataclassInstance:
        """The dataclass, its arrays memory-mapped.

        Raises:
            DatasetError: if the record is of other fields than the dataclass has now.
        """
        kind: type[DataclassInstance] = load_obj(self._kind_name)
        entries, known = self._entries(), [each.name for each in fields(kind)]
        if sorted(entries) != sorted(known):
            raise DatasetError(
                f"{self._path / RECORD} holds {', '.join(entries)}, expected {', '.join(known)} "
                "(written by another version of this project?): make it anew"
            )
        hints = get_type_hints(kind)
        return kind(**{name: self._get(entry, hints[name]) for name, entry in entries.items()})

    def preview(self) -> JSONPreview:
        """Shapes of arrays, rows of tables, and facts, for kedro-viz."""
        loaded, entries = self.load(), self._entries()
        return JSONPreview(
            json.dumps({name: _summary(getattr(loaded, name), entries[name]) for name in entries})
        )

    def _entries(self) -> dict[str, Any]:
        return read_json(self._path / RECORD, dict, AGAIN)

    def _put(self, name: str, value: object) -> dict[str, Any]:
        if isinstance(value, pd.DataFrame):
            path = self._path / f"{name}.parquet"
            with replacing(path) as temporary:
                value.to_parquet(temporary)
            return {"table": path.name}
        if isinstance(value, ShardedArray):
            return {"shards": locate_shards(value, self._path)}
        if isinstance(value, np.ndarray):
            file = _file_of(value)
            if file is None:
                file = str(self._path / f"{name}.npy")
                NpyArray(file).save(value)
            place = os.path.relpath(file, self._path)
            return {"array": {"file": place, "stamp": list(file_stamp(Path(file)))}}
        return {"fact": value.to_json() if isinstance(value, Stored) else value}

    def _get(self, entry: Mapping[str, Any], hint: type) -> object:
        ((form, stored),) = entry.items()
        if form == "table":
            return pd.read_parquet(self._path / stored)
        if form == "shards":
            return map_shards(stored, self._path)
        if form == "array":
            return self._map(self._path / stored["file"], stored["stamp"])
        build = getattr(hint, "from_json", None)
        return build(stored) if build else stored

    def _map(self, path: Path, stamp: Sequence[object]) -> np.ndarray:
        if list(file_stamp(path)) != list(stamp):
            raise DatasetError(
                f"{path} was written since {self._path / RECORD} named it: what is in it may be of "
                f"other data than the rest. Make {self._path.name} anew (the pipeline that reads "
                "it does, unless it is begun later on)"
            )
        array: np.ndarray = NpyArray(str(path)).load()
        return array

    def _exists(self) -> bool:
        return (self._path / RECORD).exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "kind": self._kind_name}


def _file_of(array: np.ndarray) -> str | None:
    """The .npy file of which an array is the memory map, the whole of it."""
    name = str(getattr(array, "filename", None) or "")
    if not name.endswith(".npy"):
        return None
    whole = np.load(name, mmap_mode="r", allow_pickle=False)
    return name if (whole.shape, whole.dtype) == (array.shape, array.dtype) else None


def _summary(value: object, entry: Mapping[str, Any]) -> object:
    if "fact" in entry:
        return entry["fact"]
    if isinstance(value, pd.DataFrame):
        return {"rows": len(value), "columns": list(value.columns)}
    if isinstance(value, np.ndarray | ShardedArray):
        return {"shape": list(value.shape), "dtype": str(value.dtype)}
    return None
