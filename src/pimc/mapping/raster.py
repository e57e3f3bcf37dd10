"""Cloud-optimised GeoTIFFs on the grid of a place, written a window at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.atomic import DiskError, replacing, require_room, temporary_sibling
from pimc.data.stack.grid import Grid
from pimc.mapping.ground import Window

TILE = 512
"""Pixels a side of the tiles of a finished file."""

CACHE_MB = 256
"""Of GDAL, so that memory does not hang on the size of a raster."""

Colour = tuple[int, int, int, int]


@dataclass(frozen=True)
class RasterLayer:
    """What a file holds.

    Attributes:
        what: the last part of its name.
        dtype: of its values.
        no_data: value of pixels without data.
        bands: names of its bands.
        resampling: of its overviews: nearest, mode or average.
        colours: by value, of a file of classes.
        tags: of the file.
    """

    what: str
    dtype: str
    no_data: float
    bands: Sequence[str]
    resampling: str = "nearest"
    colours: Mapping[int, Colour] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def write_raster(
    path: Path,
    grid: Grid,
    layer: RasterLayer,
    parts: Iterable[tuple[Window, np.ndarray]],
    side: int,
) -> None:
    """Write a cloud-optimised GeoTIFF, whole or not at all.

    Args:
        path: of the file.
        grid: of the place.
        layer: what the file holds.
        parts: windows, and their values bands x height x width.
        side: of the windows, pixels.

    Raises:
        DiskError: if the disk is full or the folder cannot be written.
    """
    import rasterio
    from rasterio.shutil import copy

    rough = temporary_sibling(path.with_name(f"{path.name}.rough"))
    options = {
        "compress": "DEFLATE",
        "blocksize": TILE,
        "overview_resampling": layer.resampling.upper(),
        "bigtiff": "IF_SAFER",
        "num_threads": "ALL_CPUS",
        **({} if layer.colours else {"predictor": "YES"}),
    }
    try:
        with rasterio.Env(GDAL_CACHEMAX=CACHE_MB, GDAL_NUM_THREADS="ALL_CPUS"), _told(path):
            with _open(rough, grid, layer, side) as target:
                for window, values in parts:
                    target.write(values, window=_part(window))
            # GDAL says nothing of tiles that it could not flush
            require_room(path, rough.stat().st_size)
            with replacing(path) as temporary:
                copy(rough, temporary, driver="COG", **options)
                # what other programs have noted of the file that was here
                path.with_name(path.name + ".aux.xml").unlink(missing_ok=True)
    finally:
        rough.unlink(missing_ok=True)


FULL = 2**22
"""Bytes: on a disk with less left, GDAL has failed for want of room."""


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """GDAL's errors name neither the file that is wanted nor its disk."""
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError

    try:
        yield
    except (RasterioError, CPLE_BaseError) as error:
        try:
            require_room(path, FULL)
        except DiskError as told:
            raise told from error
        raise


@contextmanager
def _open(path: Path, grid: Grid, layer: RasterLayer, side: int) -> Iterator[Any]:
    """A tiled GeoTIFF whose tiles are the windows that will be written."""
    import rasterio
    from rasterio.transform import Affine

    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=grid.shape[0],
        width=grid.shape[1],
        count=len(layer.bands),
        dtype=layer.dtype,
        crs=grid.crs,
        transform=Affine(*grid.transform),
        nodata=layer.no_data,
        tiled=True,
        blockxsize=side,
        blockysize=side,
        interleave="band",
        compress="DEFLATE",
        zlevel=1,
        bigtiff="IF_SAFER",
        sparse_ok=True,
    ) as target:
        target.update_tags(**layer.tags)
        for number, name in enumerate(layer.bands, start=1):
            target.set_band_description(number, name)
        if layer.colours:
            target.write_colormap(1, dict(layer.colours))
        yield target


def _part(window: Window) -> Any:  # noqa: ANN401  rasterio has no types
    from rasterio.windows import Window as Part

    return Part(window.col, window.row, window.width, window.height)
