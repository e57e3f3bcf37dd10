"""Labelled fields in pixels of a grid, written as vector files."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from cases.geotiffs import UTM
from rasterio.crs import CRS
from shapely.affinity import affine_transform

from pimc.data.labels.burning import Shapes, lay_on_grid
from pimc.data.labels.features import Features
from pimc.data.patch import Georeference

GEOREFERENCE = Georeference(CRS.from_epsg(32631).to_wkt(), tuple(UTM)[:6])


def box(top, left, height, width):
    """A field by its first row and column of pixels, and how many it has of each."""
    return shapely.box(left, top, left + width, top + height)


def to_ground(shape, transform=UTM):
    """A shape in pixels (x along columns, y down rows) on the ground."""
    a, b, c, d, e, f = tuple(transform)[:6]
    return affine_transform(shape, (a, b, d, e, c, f))


def fields(shapes, classes, crs="EPSG:32631", transform=UTM, **columns):
    """A table of fields that are given in pixels."""
    grounded = [None if shape is None else to_ground(shape, transform) for shape in shapes]
    return gpd.GeoDataFrame({"crop": classes, **columns}, geometry=grounded, crs=crs)


def write_fields(path: Path, shapes, classes, to_crs=None, **given) -> Path:
    """The table as a file, whose format its ending says."""
    table = fields(shapes, classes, **given)
    table = table if to_crs is None else table.to_crs(to_crs)
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_file(path)
    return path


def laid(shapes, codes, shape=(12, 12)) -> Shapes:
    """Fields in pixels of a grid, laid over it."""
    table = fields(shapes, codes)
    features = Features(table.geometry, np.array(codes, np.int16), ("a", "b", "c"), Path("fields"))
    return lay_on_grid(features, GEOREFERENCE, shape)
