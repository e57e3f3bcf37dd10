"""Tiny dated GeoTIFFs for the tests of stacks."""

from pathlib import Path

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine

UTM = Affine(10, 0, 664000, 0, -10, 5612120)
BANDS = ("B02", "B03", "B04", "B08")


def write_tif(
    path: Path, values, bands=BANDS, *, crs="EPSG:32631", transform=UTM, nodata=None, **profile
):
    """Write C x H x W values with the bands' names as descriptions (none if bands is None).

    ``scale`` and ``offset`` become tags of all bands, ``tags`` metadata items of the file, ``mask``
    (H x W, 0 = no data) its own mask; the rest goes to rasterio.
    """
    extra = {name: profile.pop(name, None) for name in ("scale", "offset", "tags", "mask")}
    values = np.asarray(values)
    count, height, width = values.shape
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype=values.dtype,
        crs=CRS.from_user_input(crs) if crs else None,
        transform=transform,
        nodata=nodata,
        **profile,
    ) as target:
        target.write(values)
        if bands is not None:
            target.descriptions = bands
        if extra["scale"] is not None:
            target.scales, target.offsets = [extra["scale"]] * count, [extra["offset"]] * count
        if extra["tags"] is not None:
            target.update_tags(**extra["tags"])
        if extra["mask"] is not None:
            target.write_mask(extra["mask"])


def image(day, bands=4, height=8, width=12, dtype=np.int16):
    """Values that tell day, band, row and column apart: 1000 day + 200 band + 15 row + col + 1."""
    band, row, col = np.mgrid[:bands, :height, :width]
    return (1000 * day + 200 * band + 15 * row + col + 1).astype(dtype)


def write_stack(folder: Path, days=5, **profile):
    """Dated files day by day from 2021-06-01."""
    for day in range(days):
        write_tif(folder / f"S2_202106{day + 1:02d}.tif", image(day), **profile)
    return folder


def ground(day=0, bands=4, height=8, width=12, add=0, dtype=np.uint16):
    """Values x 10,000 as of ground: they differ by pixel and band, little from day to day."""
    band, row, col = np.mgrid[:bands, :height, :width]
    return (300 + 400 * band + 20 * row + 7 * col + 30 * (day % 3) + add).astype(dtype)
