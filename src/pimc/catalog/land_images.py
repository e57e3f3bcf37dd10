"""Kedro datasets for land cover: EuroSAT, its simulated look-alike, and the images as one array."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from pimc.catalog.array import NpyArray, map_array
from pimc.catalog.read_only import ReadOnly
from pimc.catalog.scenes import build_options
from pimc.data.atomic import replace_text
from pimc.data.eurosat.images import SPLITS, EuroSat, EuroSatOptions, open_eurosat
from pimc.data.eurosat.land_images import LandImages
from pimc.data.fingerprint import array_digest, file_stamp, fingerprint
from pimc.data.json_file import read_json, seal
from pimc.data.kept import AGAIN, is_kept
from pimc.data.simulation.eurosat import write_eurosat
from pimc.signal.chunks import ArrayChunk

logger = logging.getLogger(__name__)

FACTS = "images.json"
KEYS = ("fingerprint", "bands", "labels", "splits", "names")


class EuroSatImages(ReadOnly[EuroSat]):
    """EuroSAT as its authors publish it (options: ``EuroSatOptions``); nothing is unpacked.

    ```yaml
    land_cover.files:
      type: pimc.catalog.land_images.EuroSatImages
      path: data/01_raw/eurosat   # EuroSAT_RGB.zip, or EuroSAT_RGB/, and the lists
      kind: rgb                   # or multispectral
      test: my-test.txt
    ```
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None, **options: object):
        self._path = Path(path)
        self._options: EuroSatOptions = build_options(EuroSatOptions, options, "EuroSAT", path=path)
        self.metadata = metadata

    def load(self) -> EuroSat:
        """Find the images of the lists; they stay in their files."""
        return open_eurosat(self._options)

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"source": "eurosat", "path": str(self._path), "kind": self._options.kind}


class SimulatedEuroSat(EuroSatImages):
    """A look-alike in EuroSAT's layout, written below ``path`` when it is first needed.

    ```yaml
    land_cover.files:
      type: pimc.catalog.land_images.SimulatedEuroSat
      path: data/01_raw/simulated/land_cover_files
      images_per_class: 40
    ```
    """

    def __init__(
        self,
        path: str,
        images_per_class: int = 40,
        seed: int = 0,
        kind: str = "rgb",
        metadata: dict[str, Any] | None = None,
    ):
        # images of other parameters lie in another folder: none is ever taken for another's
        folder = Path(path) / fingerprint(images_per_class, seed)
        super().__init__(folder.as_posix(), metadata, kind=kind)
        self._images_per_class, self._seed = images_per_class, seed

    def load(self) -> EuroSat:
        """Write the images if they are not there, then find them."""
        done = self._path / "done"
        if not done.exists():
            write_eurosat(self._path, self._images_per_class, self._seed)
            replace_text(done, "")
        return super().load()

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        count, seed = self._images_per_class, self._seed
        return {**super()._describe(), "simulated": True, "images_per_class": count, "seed": seed}


class LandImageArray(AbstractDataset[EuroSat, LandImages]):
    """Decoded images below ``path``: ``images-<fingerprint>.npy``, and ``images.json`` last.

    Images that are there under the same fingerprint, and whole, are not decoded again; those of
    another are removed.
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None):
        self._path = Path(path)
        self.metadata = metadata

    def save(self, data: EuroSat) -> None:
        """Decode the images, if they are missing, and write them."""
        array = self._path / f"images-{data.fingerprint}.npy"
        if not is_kept(array, self._check):
            logger.info("decoding %d images into %s", len(data), array)
            _write_chunks(array, data.read(), len(data))
        facts = {
            "fingerprint": data.fingerprint,
            "digest": self._digest(array),
            "stamp": list(file_stamp(array)),
            "bands": data.kind.bands,
            "labels": data.labels.tolist(),
            "splits": list(data.splits),
            "names": list(data.names),
        }
        replace_text(self._path / FACTS, json.dumps(seal(facts)))
        for stale in set(self._path.glob("images-*.npy")) - {array}:
            stale.unlink()

    def load(self) -> LandImages:
        """The images, memory-mapped."""
        facts = read_json(self._path / FACTS, dict, AGAIN, KEYS)
        array = self._path / f"images-{facts['fingerprint']}.npy"
        return LandImages(
            images=map_array(array),
            bands=tuple(facts["bands"]),
            labels=np.array(facts["labels"], np.uint8),
            splits=np.array(facts["splits"]),
            names=tuple(facts["names"]),
            fingerprint=facts["fingerprint"],
        )

    def _stated(self, array: Path) -> tuple[object, object]:
        """Stamp and digest of an array when it was last found whole; None where nobody knows."""
        try:
            facts = read_json(self._path / FACTS, dict, AGAIN)
        except (FileNotFoundError, ValueError):
            return None, None
        known = array.name == f"images-{facts.get('fingerprint')}.npy"
        return (facts.get("stamp"), facts.get("digest")) if known else (None, None)

    def _digest(self, array: Path) -> object:
        """The digest that is stated; where the array was changed since, what it holds now."""
        stamp, digest = self._stated(array)
        return digest if stamp == list(file_stamp(array)) else array_digest(map_array(array))

    def _check(self, array: Path) -> None:
        """Look at an array's size; read it where it was changed since its digest was taken."""
        map_array(array)
        if (stated := self._stated(array)[1]) not in (None, now := self._digest(array)):
            raise ValueError(f"{array}: expected images of digest {stated}, got {now}")

    def preview(self) -> JSONPreview:
        """Shape, bands and lists, for kedro-viz."""
        images = self.load()
        lists = {name: int((images.splits == name).sum()) for name in SPLITS}
        facts = {"shape": images.images.shape, "bands": images.bands, "images of lists": lists}
        return JSONPreview(json.dumps(facts))

    def _exists(self) -> bool:
        return (self._path / FACTS).exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _write_chunks(path: Path, chunks: Iterable[np.ndarray], total: int) -> None:
    """Write an array chunk by chunk, whole or not at all."""
    array, start = NpyArray(str(path)), 0
    for chunk in chunks:
        array.save(ArrayChunk(chunk, start, total))
        start += len(chunk)
