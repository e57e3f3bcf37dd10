"""One place of a stack: its images on one grid, and how to read them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from pimc.data.dates import need_dates
from pimc.data.stack.bands import is_reflectance, stand_ins
from pimc.data.stack.files import RasterFile
from pimc.data.stack.grid import Grid, grid_of
from pimc.data.stack.header import Layer, read_layers
from pimc.data.stack.images import Image, Part, make_images
from pimc.data.stack.masks import CloudMask
from pimc.data.stack.numbers import Numbers
from pimc.data.stack.pixels import Pixels, Wanted, merge_parts, read_part
from pimc.data.stack.settling import Reading, settle_mask, settle_numbers_of
from pimc.data.stack.statements import FolderMetadata, read_folder, read_statements

logger = logging.getLogger(__name__)


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
    read = {file.path: read_layers(file, reading.band_names) for file in files}
    _report_others(name, [path.name for path, layers in read.items() if not layers])
    return make_place(name, [layer for layers in read.values() for layer in layers], root, reading)


def make_place(
    name: str,
    layers: Iterable[Layer],
    root: Path,
    reading: Reading,
    metadata: Callable[[Path], FolderMetadata] = read_folder,
) -> Place:
    """Settle which of a place's layers to read, and how.

    Args:
        name: of the place.
        layers: all that there are.
        root: path of the place, that of each layer lies below.
        reading: what is wanted.
        metadata: gives what is said beside a path.

    Raises:
        ValueError: too few dates, another grid, a band missing, or numbers that contradict.
    """
    said = partial(read_statements, root=root, read=cache(metadata))
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
    numbers = settle_numbers_of(name, images, bands, reading.offset, said)
    mask = settle_mask(name, images, reading)
    wanted = Wanted(bands, numbers, mask, grid, reading.resampling)
    return Place(name, images, reading.bands, substitutions, wanted)


def _report_others(place: str, names: Sequence[str]) -> None:
    if names:
        logger.info(
            "place %s: %d rasters of its product folders name no band and are left alone: %s%s",
            place,
            len(names),
            ", ".join(names[:8]),
            ", ..." if len(names) > 8 else "",
        )


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
