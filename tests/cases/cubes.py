"""One small series of images, written as a stack, as cubes and as STAC items."""

import json
from pathlib import Path

import numpy as np
import rasterio
import rioxarray  # noqa: F401  gives datasets their CRS
import xarray as xr
from cases.geotiffs import BANDS, UTM, ground, write_tif
from rasterio.crs import CRS
from rasterio.warp import transform_bounds

DAYS = ("2021-06-01", "2021-06-06", "2021-06-11", "2021-06-16", "2021-06-21")
HEIGHT, WIDTH = 20, 24
OPTIONS = {"patch_size": 16, "gap": 2}


def images():
    """5 dates x 4 bands x 20 x 24 reflectance x 10,000; 0 in all bands where there is no data."""
    values = np.stack([ground(day, 4, HEIGHT, WIDTH) for day in range(len(DAYS))])
    values[1, :, 3:6, 4:9] = 0
    return values


def clouds():
    """5 dates x 20 x 24 codes of SCL: 4 is vegetation, 8 and 9 are cloud."""
    codes = np.full((len(DAYS), HEIGHT, WIDTH), 4, np.uint8)
    codes[2, :7] = 9
    codes[3, :, 20:] = 8
    return codes


def centres():
    """Coordinates of pixels: rows from north to south, columns from west to east."""
    return UTM.f + UTM.e * (np.arange(HEIGHT) + 0.5), UTM.c + UTM.a * (np.arange(WIDTH) + 0.5)


def times(hour=11):
    return np.array([f"{day}T{hour:02d}:03:21" for day in DAYS], "datetime64[ns]")


def dataset(values=None, names=BANDS, crs="EPSG:32631", **attributes):
    """Variables of dims time, y, x, and SCL, with the CRS by CF's grid mapping."""
    values = images() if values is None else values
    bands = {name: (("time", "y", "x"), values[:, n], attributes) for n, name in enumerate(names)}
    y, x = centres()
    cube = xr.Dataset(
        bands | {"SCL": (("time", "y", "x"), clouds())}, {"time": times(), "y": y, "x": x}
    )
    return cube if crs is None else cube.rio.write_crs(crs)


def save(cube, path: Path):
    """As NetCDF or Zarr, by the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zarr":
        cube.to_zarr(path)
    else:
        cube.to_netcdf(path)
    return path


def write_images(folder: Path):
    """The series as a stack of GeoTIFFs with SCL as fifth band."""
    for day, bands, codes in zip(DAYS, images(), clouds(), strict=True):
        path = folder / f"S2_{day}.tif"
        write_tif(path, np.concatenate([bands, codes[None]]), bands=(*BANDS, "SCL"))
    return folder


def write_items(
    folder: Path, values=None, properties=None, asset=None, names=BANDS, crs="EPSG:32631", **profile
):
    """The series as files of one band each, and their items in ``items.json``.

    ``properties(n)`` and ``asset`` are added to the n-th item and to each asset of reflectance.
    """
    values = images() if values is None else values
    items = []
    for n, (day, bands, codes) in enumerate(zip(DAYS, values, clouds(), strict=True)):
        item = make_item(f"S2B_31UFS_{day.replace('-', '')}_0_L2A", f"{day}T11:03:21Z", crs)
        item["properties"] |= properties(n) if properties else {}
        for name, band in zip(names, bands, strict=True):
            write_tif(folder / item["id"] / f"{name}.tif", band[None], None, crs=crs, **profile)
            item["assets"][name] = {"href": f"{item['id']}/{name}.tif", **(asset or {})}
        write_tif(folder / item["id"] / "SCL.tif", codes[None], None, crs=crs)
        item["assets"]["scl"] = {"href": f"{item['id']}/SCL.tif"}
        item["assets"]["thumbnail"] = {"href": "nowhere.jpg"}
        items.append(item)
    return save_items(folder / "items.json", items)


def make_item(name, time, crs="EPSG:32631"):
    corners = rasterio.transform.array_bounds(HEIGHT, WIDTH, UTM)
    west, south, east, north = transform_bounds(CRS.from_user_input(crs), "EPSG:4326", *corners)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "sentinel-2-l2a",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, south, east, north],
        "properties": {"datetime": time},
        "links": [],
        "assets": {},
    }


def save_items(path: Path, items):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    return path


def read_all(scenes):
    """Every patch of a place by the row and column of its first pixel."""
    return {patch.origin: patch for patch in (source() for source in scenes.values())}
