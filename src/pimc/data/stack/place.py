"""One place of a stack: its images on one grid, and how to read them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.dates import need_dates
from pimc.data.stack.bands import DATA_MASK, is_reflectance, stand_ins
from pimc.data.stack.checks import judge_unit
from pimc.data.stack.files import RasterFile
from pimc.data.stack.grid import Grid, grid_of
from pimc.data.stack.header import Layer, read_layers
from pimc.data.stack.images import Image, Part, make_images
from pimc.data.stack.masks import (
    CloudMask,
    check_shadow_alone,
    choose_mask,
    fit_percent,
    is_shadow_alone,
)
from pimc.data.stack.numbers import Numbers, check_type, needs_unit, settle_numbers
from pimc.data.stack.offsets import Offset, asked_offset
from pimc.data.stack.pixels import Pixels, Wanted, merge_parts, read_part, read_stored
from pimc.data.stack.statements import read_statements
from pimc.data.stack.validity import is_fill, is_missing

logger = logging.getLogger(__name__)

SAMPLE_SIDE = 128
"""Rows and columns of a file that are looked at before its unit is known."""


@dataclass(frozen=True)
class Reading:
    """What to read from the files of a place: see ``StackOptions``."""

    bands: tuple[str, ...]
    band_names: tuple[str, ...] | None
    mask: str | None
    cloud_threshold: float | None
    offset: Offset
    grid: str
    resampling: str


@dataclass(frozen=True)
class Place:
    """The images of one place and what is read from them.

    Attributes:
        name: of its folder.
        images: in order of date.
        bands: wanted, in order.
        substitutions: band asked for -> band read in its stead.
        wanted: what to read of each part of an image.
    """

    name: str
    images: tuple[Image, ...]
    bands: tuple[str, ...]
    substitutions: Mapping[str, str]
    wanted: Wanted

    @property
    def grid(self) -> Grid:
        """The grid that all its images are read on."""
        return self.wanted.grid

    @property
    def mask(self) -> CloudMask | None:
        """The cloud mask, or None."""
        return self.wanted.mask

    def layers(self, image: Image) -> Iterator[Layer]:
        """The layers of reflectance that are read of an image."""
        return (part.layers[band] for part in image.parts for band in self.wanted.bands)

    def numbers(self, image: Image) -> tuple[Numbers, ...]:
        """How the layers of an image become reflectance x 10,000, each different one once."""
        found = (self.wanted.numbers_of(layer) for layer in self.layers(image))
        return tuple(dict.fromkeys(found))

    def read(
        self,
        image: Image,
        window: Any = None,  # noqa: ANN401  rasterio has no types
        out_shape: tuple[int, int] | None = None,
    ) -> Pixels:
        """Reflectance of one image, why there is none, and where it is clear.

        Args:
            image: of this place.
            window: rasterio window to read; None for all.
            out_shape: rows and columns to thin the image to (nearest pixels); None for all.

        Raises:
            ValueError: a file cannot be read, or a mask holds what it cannot.
        """
        from rasterio.windows import Window

        rows, cols = self.grid.shape
        window = window or Window(0, 0, cols, rows)
        target = self.grid.thinned(window, out_shape or (window.height, window.width))
        parts = [read_part(part, self.wanted, window, target) for part in image.parts]
        return merge_parts(parts)


def open_place(name: str, files: Sequence[RasterFile], root: Path, reading: Reading) -> Place:
    """Check the headers of one place's files and settle which of their bands to read, and how.

    Args:
        name: of the place.
        files: in order of date.
        root: folder of the place.
        reading: what is wanted.

    Raises:
        ValueError: too few dates, another grid, a band missing, or numbers that contradict.
    """
    layers = [layer for file in files for layer in read_layers(file, reading.band_names)]
    images = make_images(layers)
    days = ", ".join(image.day for image in images)
    need_dates(len(images), f"place {name}, dated files {days}")
    _check_parts(images)
    first = images[0].parts[0].layers
    available = [band for band in first if all(band in image.bands for image in images)]
    substitutions = stand_ins(reading.bands, available, name)
    for band, stand_in in substitutions.items():
        logger.info("place %s has no %s: %s stands in for it", name, band, stand_in)
    bands = tuple(substitutions.get(band, band) for band in reading.bands)
    grid = _choose_grid(images, bands, root, reading.grid)
    same = str(first[bands[0]].path) if reading.grid == "refuse" else None
    images = tuple(_on_grid(image, bands, grid, same) for image in images)
    numbers = _numbers(name, images, bands, root, reading.offset)
    mask = _mask(name, images, reading)
    wanted = Wanted(bands, numbers, mask, grid, reading.resampling)
    return Place(name, images, reading.bands, substitutions, wanted)


def _check_parts(images: Sequence[Image]) -> None:
    for part in (part for image in images for part in image.parts):
        if not any(map(is_reflectance, part.layers)):
            raise ValueError(
                f"{next(iter(part.layers.values())).path}: holds {', '.join(part.layers)} and no "
                "reflectance, and belongs to no single image of its date"
            )


def _choose_grid(images: Sequence[Image], bands: Sequence[str], root: Path, choice: str) -> Grid:
    """The grid to read on: of the named file, else of the first file with the finest pixels."""
    if choice in ("first", "refuse"):
        first = images[0].parts[0].layers
        return min((first[band].grid for band in bands), key=lambda grid: grid.pixel)
    import rasterio

    path = root / choice
    try:
        with rasterio.open(path) as source:
            return grid_of(source)
    except rasterio.errors.RasterioIOError as error:
        raise ValueError(
            f"grid must be refuse, first or a raster whose grid to use; {path}: {error}"
        ) from error


def _on_grid(image: Image, bands: Sequence[str], grid: Grid, same: str | None) -> Image:
    """An image whose layers on the grid, rounding apart, have the very same one.

    Args:
        image: to look at.
        bands: that are read.
        grid: of the place.
        same: the file whose grid all must share, or cut into larger pixels; None for any grid.
    """
    parts = []
    for part in image.parts:
        layers = dict(part.layers)
        for name, layer in layers.items():
            difference = grid.difference(layer.grid)
            if difference is None:
                layers[name] = replace(layer, grid=grid)
            elif same and name in bands and not grid.is_refined(layer.grid):
                raise ValueError(
                    f"{layer.path} is on another grid than {same}: {difference}; set grid: first "
                    "to bring it there, or move it to a folder of its own"
                )
        parts.append(Part(part.product, layers))
    return Image(image.day, tuple(parts))


def _numbers(
    place: str, images: Sequence[Image], bands: Sequence[str], root: Path, offset: Offset
) -> dict[tuple[str, int], Numbers]:
    """Gain and add of every layer that is read."""
    numbers = {}
    for image in images:
        asked = asked_offset(offset, place, image.day)
        for part in image.parts:
            layers = [part.layers[band] for band in dict.fromkeys(bands)]
            for layer in layers:
                check_type(layer)
            unit = _unit(layers, part.layers.get(DATA_MASK))
            for layer in layers:
                # floats of 0..1 were computed from what the sources speak of
                computed = layer.dtype.startswith("float") and unit != 1
                statements = () if computed else read_statements(layer, root)
                settled = settle_numbers(layer, asked, statements, unit)
                numbers[str(layer.path), layer.index] = settled
    return numbers


def _unit(layers: Sequence[Layer], data_mask: Layer | None) -> float:
    """What physical values of a part are multiplied with, by the values themselves."""
    judged = [layer for layer in layers if needs_unit(layer)]
    if not judged:
        return 1.0
    nothing = None if data_mask is None else _thin(data_mask) == 0
    samples = []
    for layer in judged:
        stored, masked = _thinned(layer)
        scale, offset = layer.tag or (1.0, 0.0)
        physical = stored.astype(np.float64) * scale + offset
        missing = is_missing(stored, layer.no_data) | is_fill(stored) | (stored == 0)
        for no_data in (masked, nothing):
            if no_data is not None and no_data.shape == missing.shape:
                missing |= no_data
        physical[missing] = np.nan
        samples.append(physical.ravel())
    return judge_unit(np.concatenate(samples), str(judged[0].path))


def _mask(place: str, images: Sequence[Image], reading: Reading) -> CloudMask | None:
    """The cloud mask of a place; files without it are named and count as clear."""
    parts = [part for image in images for part in image.parts]
    available = {band for part in parts for band in part.layers}
    mask = choose_mask(reading.mask, reading.cloud_threshold, available, place)
    if mask is None:
        return None
    lacking = [path for part in parts if mask.band not in part.layers for path in part.paths]
    if lacking:
        logger.warning(
            "place %s: %d of its files lack the mask band %s and count as free of cloud: %s",
            place,
            len(lacking),
            mask.band,
            ", ".join(lacking),
        )
    layers = [part.layers[mask.band] for part in parts if mask.band in part.layers]
    if mask.threshold is not None:
        return fit_percent(mask, [_thin(layer) for layer in layers])
    if mask.band == "CLOUD" and reading.mask == "auto":
        seen = _values(map(_thin, layers))
        if is_shadow_alone(seen):  # clouds may lie between the pixels looked at
            check_shadow_alone(_values(map(_stored, layers)), place)
    return mask


def _values(arrays: Iterable[np.ndarray]) -> set[float]:
    return {float(value) for array in arrays for value in np.unique(array)}


def _thinned(layer: Layer) -> tuple[np.ndarray, np.ndarray | None]:
    """A layer's values at some rows and columns, as stored, and where its mask hides it."""
    rows, cols = (min(SAMPLE_SIDE, length) for length in layer.grid.shape)
    values, masked = read_stored([layer], None, (rows, cols))
    return values[0], masked


def _thin(layer: Layer) -> np.ndarray:
    return _thinned(layer)[0]


def _stored(layer: Layer) -> np.ndarray:
    return np.asarray(read_stored([layer], None, None)[0][0])
