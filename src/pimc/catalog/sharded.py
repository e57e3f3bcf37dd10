"""Samples of patches on disk: one shard a patch, a manifest, one array over all shards."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from pimc.compute.file_place import find_place
from pimc.compute.options import ComputeOptions
from pimc.compute.pieces import Piece
from pimc.compute.run import run_pieces
from pimc.data.atomic import replace_text
from pimc.data.file_name import file_name
from pimc.data.fingerprint import file_stamp
from pimc.data.json_file import read_json
from pimc.data.kept import is_kept
from pimc.data.tensor_file import map_tensors, read_tensors, write_tensors
from pimc.signal.patch_sample import PatchSample, SampleTask
from pimc.signal.sharded_array import ShardedArray

logger = logging.getLogger(__name__)

_ARRAYS = ("pixels", "days", "reflectance", "frames", "frame_acquisitions", "frame_clear")
MANIFEST = "manifest.json"
ANEW = "run `kedro run --pipeline=ingestion` again"


class SampleShards(AbstractDataset[Mapping[str, SampleTask], dict[str, PatchSample]]):
    """One safetensors file a patch under ``path`` and ``manifest.json``, written last.

    A shard that is there under the same key is not made again, so a run that was cut goes on
    where it stopped. One that is damaged is: its size and header are looked at in each run, all of
    it where the manifest does not know its time stamp. Shards that a finished run no longer names
    are removed.
    Loading gives memory-mapped samples in the order of the manifest.

    Shards are made where ``compute`` says (``pimc.compute.options.ComputeOptions``).
    """

    def __init__(
        self,
        path: str,
        compute: Mapping[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ):
        self._path = Path(path)
        self._compute = ComputeOptions(**(compute or {}))
        self.metadata = metadata

    def save(self, data: Mapping[str, SampleTask]) -> None:
        """Make and write the shards that are missing, then the manifest."""
        if not data:
            raise DatasetError("no patches to sample: the scenes are empty")
        paths = {
            patch: self._path / f"{file_name(patch)}-{task.key}.safetensors"
            for patch, task in data.items()
        }
        check = partial(_check_shard, known=self._known())
        missing = [patch for patch, path in paths.items() if not is_kept(path, check)]
        logger.info(
            "%d patches: %d sampled before, %d to sample",
            len(paths),
            len(paths) - len(missing),
            len(missing),
        )
        pieces = (
            Piece(f"patch {patch}", data[patch].make, partial(write_shard, paths[patch]))
            for patch in missing
        )
        run_pieces(pieces, self._compute, self._path)
        rows = [[path.name, *_stamp(path)] for path in paths.values()]
        replace_text(self._path / MANIFEST, json.dumps(rows, indent=1))
        for stale in set(self._path.glob("*.safetensors")) - set(paths.values()):
            stale.unlink()

    def _manifest(self) -> dict[str, list[int]]:
        """Shards of the last finished run, as it left them; of before stamps nobody knows how."""
        rows = read_json(self._path / MANIFEST, list, ANEW)
        entries = ((row, []) if isinstance(row, str) else (row[0], row[1:]) for row in rows)
        try:
            return dict(entries)
        except (TypeError, IndexError) as error:
            raise ValueError(
                f"{self._path / MANIFEST}: expected names of shards; {ANEW}"
            ) from error

    def _known(self) -> dict[str, list[int]]:
        try:
            return self._manifest()
        except (FileNotFoundError, ValueError):
            return {}

    def load(self) -> dict[str, PatchSample]:
        """Samples of the last finished ingestion, memory-mapped."""
        samples = (read_shard(self._path / name) for name in self._manifest())
        return {sample.patch_id: sample for sample in samples}

    def preview(self) -> JSONPreview:
        """Patches, pixels and bands, for kedro-viz."""
        samples = self.load()
        facts = {
            "patches": len(samples),
            "pixels": sum(len(sample.pixels) for sample in samples.values()),
            "bands": next(iter(samples.values())).bands,
            "first": list(samples)[:10],
        }
        return JSONPreview(json.dumps(facts))

    def _exists(self) -> bool:
        return (self._path / MANIFEST).exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _stamp(path: Path) -> list[int]:
    return list(file_stamp(path)[1:])


def _check_shard(path: Path, known: Mapping[str, list[int]]) -> None:
    """Read a shard's header; all of it where it was changed since its stamp was taken."""
    if _stamp(path) != known.get(path.name):
        read_tensors(path)
    read_shard(path)


def write_shard(path: Path, sample: PatchSample) -> None:
    """Write a sample as one safetensors file, whole or not at all."""
    facts = {
        "patch_id": sample.patch_id,
        "place": sample.place,
        "bands": json.dumps(sample.bands),
        "origin": json.dumps(sample.origin),
        "substitutions": json.dumps(dict(sample.substitutions)),
        "reading": json.dumps(dict(sample.reading)),
        "removed": json.dumps(dict(sample.removed)),
        "dealing": sample.dealing,
    }
    write_tensors(path, {name: getattr(sample, name) for name in _ARRAYS}, facts)


def read_shard(path: Path) -> PatchSample:
    """Memory-map a shard; nothing but its header is read.

    Raises:
        ValueError: if it is no whole shard.
    """
    facts, arrays = map_tensors(path)
    try:
        return PatchSample(
            patch_id=facts["patch_id"],
            place=facts["place"],
            bands=tuple(json.loads(facts["bands"])),
            origin=tuple(json.loads(facts["origin"])),
            substitutions=json.loads(facts["substitutions"]),
            # shards of before these fields stay valid
            reading=json.loads(facts.get("reading", "{}")),
            removed=json.loads(facts.get("removed", "{}")),
            dealing=facts.get("dealing", ""),
            **arrays,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: expected the sample of a patch, got {error!r}; {ANEW}"
        ) from error


class ShardedArrayManifest(AbstractDataset[ShardedArray, ShardedArray]):
    """An array over shards as a JSON list of where each part lies; no value is copied."""

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None):
        self._filepath = Path(filepath)
        self.metadata = metadata

    def save(self, data: ShardedArray) -> None:
        """Write where the parts lie, relative to this file."""
        manifest = locate_shards(data, self._filepath.parent)
        replace_text(self._filepath, json.dumps(manifest, indent=1))

    def load(self) -> ShardedArray:
        """Map the parts again."""
        return map_shards(json.loads(self._filepath.read_text()), self._filepath.parent)

    def preview(self) -> JSONPreview:
        """Shape, dtype and bands, for kedro-viz."""
        array = self.load()
        facts = {"shape": array.shape, "dtype": str(array.dtype), "bands": array.bands}
        return JSONPreview(json.dumps({**facts, "parts": len(array.shards)}))

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def locate_shards(array: ShardedArray, folder: Path) -> dict[str, Any]:
    """Where the parts of an array lie, relative to a folder, as JSON's own types.

    Raises:
        DatasetError: for a part that lies in memory.
    """
    return {
        "fill": array.fill,
        "dtype": str(array.dtype),
        "bands": list(array.bands),
        "parts": [_locate(shard, folder) for shard in array.shards],
    }


def map_shards(manifest: Mapping[str, Any], folder: Path) -> ShardedArray:
    """The array of ``locate_shards``, memory-mapped."""
    dtype = np.dtype(manifest["dtype"])
    shards = [_map_part(part, dtype, folder) for part in manifest["parts"]]
    return ShardedArray(shards, manifest["fill"], manifest["bands"])


def _locate(shard: np.ndarray, folder: Path) -> dict[str, Any]:
    place: dict[str, Any] = {"shape": list(shard.shape)}
    if shard.size:
        found = find_place(shard)
        if found is None or found.order != "C":
            raise DatasetError(
                "expected memory-mapped shards; declare the dataset as an .npy array to save "
                "arrays that lie in memory"
            )
        place["file"] = os.path.relpath(found.path, folder)
        place["offset"] = found.offset
    return place


def _map_part(part: Mapping[str, Any], dtype: np.dtype, folder: Path) -> np.ndarray:
    shape = tuple(part["shape"])
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.memmap(folder / part["file"], dtype, mode="r", offset=part["offset"], shape=shape)
