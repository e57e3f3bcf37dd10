"""Images without series in the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import DatasetError

from pimc.catalog.land_images import LandImageArray
from pimc.catalog.read_only import ReadOnly
from pimc.data.unpaired_images import UnpairedImages


class TrainingLandImages(ReadOnly[UnpairedImages | None]):
    """The training list of decoded land-cover images, without their labels.

    Args:
        path: what ``LandImageArray`` wrote, as ``land_cover.images`` of another workspace;
            None where there are no such images: it then loads as None.
        metadata: Kedro's own.
    """

    def __init__(self, path: str | None = None, metadata: dict[str, Any] | None = None):
        self._path = None if path is None else Path(path)
        self.metadata = metadata

    def load(self) -> UnpairedImages | None:
        """The images, memory-mapped, and which of them are in the training list."""
        if self._path is None:
            return None
        dataset = LandImageArray(str(self._path))
        if not dataset.exists():
            raise DatasetError(
                f"no decoded images in {self._path}: expected the folder land_cover.images that "
                "`kedro run --pipeline=land_cover` writes"
            )
        land = dataset.load()
        rows = np.flatnonzero(land.splits == "train")
        return UnpairedImages(land.images, land.bands, rows, land.fingerprint, land.training_list)

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"path": None if self._path is None else str(self._path)}
