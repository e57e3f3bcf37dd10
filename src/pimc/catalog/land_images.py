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

from pimc.catalog.read_only import ReadOnly
from pimc.catalog.scenes import build_options
from pimc.data.atomic import replace_text, temporary_sibling
from pimc.data.eurosat.decoding import SIDE
from pimc.data.eurosat.images import EuroSat, EuroSatOptions, open_eurosat
from pimc.data.eurosat.land_images import LandImages
from pimc.data.eurosat.list_sets import LISTS, OFFICIAL
from pimc.data.fingerprint import fingerprint
from pimc.data.simulation.eurosat import write_eurosat

logger = logging.getLogger(__name__)


class EuroSatImages(ReadOnly[EuroSat]):
    """EuroSAT as its authors publish it (options: ``EuroSatOptions``); nothing is unpacked.

    ```yaml
    land_cover.files:
      type: pimc.catalog.land_images.EuroSatImages
      path: data/01_raw/eurosat   # EuroSAT_RGB.zip, or EuroSAT_RGB/, and the lists
      kind: rgb                   # or multispectral
      split: spatial
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
        options = self._options
        facts = {"source": "eurosat", "path": str(self._path), "kind": options.kind}
        return {**facts, "split": options.list_set}


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

    Images that are there under the same fingerprint are not decoded again; those of another are
    removed.
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None):
        self._path = Path(path)
        self.metadata = metadata

    def save(self, data: EuroSat) -> None:
        """Decode the images, if they are missing, and write them."""
        array = self._path / f"images-{data.fingerprint}.npy"
        if not array.exists():
            logger.info("decoding %d images into %s", len(data), array)
            shape = (len(data), len(data.kind.bands), SIDE, SIDE)
            _write_chunks(array, data.read(), shape, np.dtype(data.kind.dtype))
        facts = {
            "fingerprint": data.fingerprint,
            "bands": data.kind.bands,
            "labels": data.labels.tolist(),
            "splits": list(data.splits),
            "names": list(data.names),
            "split": data.split,
        }
        replace_text(self._path / "images.json", json.dumps(facts))
        for stale in set(self._path.glob("images-*.npy")) - {array}:
            stale.unlink()

    def load(self) -> LandImages:
        """The images, memory-mapped."""
        facts = json.loads((self._path / "images.json").read_text())
        array = self._path / f"images-{facts['fingerprint']}.npy"
        return LandImages(
            images=np.load(array, mmap_mode="r", allow_pickle=False),
            bands=tuple(facts["bands"]),
            labels=np.array(facts["labels"], np.uint8),
            splits=np.array(facts["splits"]),
            names=tuple(facts["names"]),
            fingerprint=facts["fingerprint"],
            split=facts.get("split", OFFICIAL),  # none in files of before there were several
        )

    def preview(self) -> JSONPreview:
        """Shape, bands and lists, for kedro-viz."""
        images = self.load()
        lists = {name: int((images.splits == name).sum()) for name in LISTS}
        facts = {"shape": images.images.shape, "bands": images.bands, "images of lists": lists}
        return JSONPreview(json.dumps(facts))

    def _exists(self) -> bool:
        return (self._path / "images.json").exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _write_chunks(
    path: Path, chunks: Iterable[np.ndarray], shape: tuple[int, ...], dtype: np.dtype
) -> None:
    """Write an array chunk by chunk, whole or not at all."""
    temporary = temporary_sibling(path)
    array = np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape)
    start = 0
    for chunk in chunks:
        array[start : start + len(chunk)] = chunk
        start += len(chunk)
    array.flush()
    temporary.replace(path)
