"""One place of a stack: its images on one grid, and how to read them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.dates import need_dates
from pimc.data.patch import FILL
from pimc.data.stack.bands import CLEAR_CODES, normalise, stand_ins
from pimc.data.stack.files import Grid, Image, open_images

logger = logging.getLogger(__name__)

OFFSET_SINCE = "2022-01-25"
"""Processing baseline 04.00: L2A values carry +1,000 from here on, unless a provider removed it."""


@dataclass(frozen=True)
class Place:
    """The images of one place and what is read from them.

    Attributes:
        name: of its folder.
        images: in order of date, on one grid.
        bands: wanted, in order.
        substitutions: band asked for -> band read in its stead.
        mask: name of the mask band, or None.
        offset: added to stored values.
    """

    name: str
    images: tuple[Image, ...]
    bands: tuple[str, ...]
    substitutions: Mapping[str, str]
    mask: str | None
    offset: int

    @property
    def grid(self) -> Grid:
        """The grid that all its images lie on."""
        return self.images[0].grid

    def read(
        self,
        image: Image,
        window: Any = None,  # noqa: ANN401  rasterio has no types
        out_shape: tuple[int, int] | None = None,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Reflectance C x H x W int16 of one image, and its mask codes H x W if it has any.

        Args:
            image: of this place.
            window: rasterio window to read; None for all.
            out_shape: rows and columns to thin the image to (nearest pixels); None for all.

        Raises:
            ValueError: the file cannot be read.
        """
        import rasterio
        from rasterio.errors import RasterioIOError

        bands = [image.bands.index(self.substitutions.get(band, band)) for band in self.bands]
        wanted = bands if self.mask is None else [*bands, image.bands.index(self.mask)]
        shape = None if out_shape is None else (len(wanted), *out_shape)
        try:
            with rasterio.open(image.path) as source:
                values = source.read([band + 1 for band in wanted], window=window, out_shape=shape)
        except RasterioIOError as error:
            raise ValueError(
                f"{image.path}: its pixels cannot be read ({error}); download it again"
            ) from error
        no_data = [image.no_data[band] for band in bands]
        codes = None if self.mask is None else values[-1]
        return normalise(values[: len(bands)], no_data, self.offset), codes

    def data_sample(self, image: Image, step: int) -> np.ndarray:
        """Where an image has data in any band, at about every ``step``-th row and column.

        Sample (i, j) stands for the pixel at ((i + 1/2) rows / n, (j + 1/2) cols / m) of the
        n x m samples.
        """
        rows, cols = self.grid.shape
        reflectance, _ = self.read(image, out_shape=(-(-rows // step), -(-cols // step)))
        return np.asarray((reflectance != FILL).any(axis=0))


@dataclass(frozen=True)
class Reading:
    """What to read from the files of a place.

    Attributes:
        bands: wanted, in order.
        band_names: names of the files' bands where they have no descriptions.
        mask: ``auto``, the name of a mask band, or None.
        offset: added to stored values.
    """

    bands: tuple[str, ...]
    band_names: tuple[str, ...] | None
    mask: str | None
    offset: int


def open_place(name: str, files: Mapping[str, Path], reading: Reading) -> Place:
    """Check the headers of one place's files and settle which of their bands to read.

    Args:
        name: of the place.
        files: ISO date -> GeoTIFF, in order.
        reading: what is wanted.

    Raises:
        ValueError: too few dates, another grid, or a band missing.
    """
    need_dates(len(files), f"place {name}, dated files {', '.join(files)}")
    images = open_images(files, reading.band_names)
    available = [band for band in images[0].bands if all(band in image.bands for image in images)]
    substitutions = stand_ins(reading.bands, available, name)
    for band, stand_in in substitutions.items():
        logger.info("place %s has no %s: %s stands in for it", name, band, stand_in)
    if reading.offset == 0 and images[-1].day >= OFFSET_SINCE:
        logger.warning(
            "place %s has dates since %s and no offset: set offset to -1000 if these are L2A files "
            "whose provider did not remove it",
            name,
            OFFSET_SINCE,
        )
    mask = _mask(reading.mask, available, name)
    return Place(name, images, reading.bands, substitutions, mask, reading.offset)


def _mask(wanted: str | None, available: Sequence[str], place: str) -> str | None:
    """The mask band to read: the first one known where any will do."""
    if wanted == "auto":
        return next((band for band in CLEAR_CODES if band in available), None)
    if wanted is not None and wanted not in available:
        raise ValueError(
            f"place {place}: mask band {wanted} is missing; available in all its files: "
            f"{', '.join(name for name in available if name)}"
        )
    return wanted
