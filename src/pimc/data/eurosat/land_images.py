"""Images of land cover, decoded into one array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pimc.data.eurosat.list_sets import OFFICIAL
from pimc.data.fingerprint import fingerprint


@dataclass(frozen=True, eq=False)
class LandImages:
    """Images, classes and lists of the land-cover task.

    Attributes:
        images: N x C x 64 x 64, 8 or 16 bit, memory-mapped.
        bands: C names.
        labels: N uint8, places in ``pimc.data.eurosat.images.CLASSES``.
        splits: N names of lists: train, validation, test.
        names: N names of images.
        fingerprint: of the images and the lists.
        split: which set of lists it is, of ``pimc.data.eurosat.list_sets``.
    """

    images: np.ndarray
    bands: tuple[str, ...]
    labels: np.ndarray
    splits: np.ndarray
    names: tuple[str, ...]
    fingerprint: str
    split: str = OFFICIAL

    @property
    def training_list(self) -> str:
        """16 hexadecimal digits that change with the names of the training images alone."""
        return fingerprint(sorted(np.array(self.names)[self.splits == "train"].tolist()))
