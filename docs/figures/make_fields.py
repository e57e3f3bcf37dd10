"""Sixty labelled polygons for the map of docs/maps.md, out of a picture of land cover.

python docs/figures/make_fields.py PLACE FIELDS.gpkg

Parts of one class in squares of 8 x 8 pixels of `landcover_worldcover.tif` are drawn at random:
28 of crops, 27 of grass, and all five of trees.
"""

import sys
from itertools import product
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from rasterio.features import shapes
from shapely.geometry import shape

NAMES = {10: "trees", 30: "grass", 40: "crop"}
WANTED = {"crop": 28, "grass": 27, "trees": 5}
SIDE, LEAST = 8, 16


def main() -> None:
    """Make it."""
    with rasterio.open(Path(sys.argv[1]) / "landcover_worldcover.tif") as source:
        cover, transform, crs = source.read(1), source.transform, source.crs
    pixel = abs(transform.a * transform.e)
    found = []
    for row, col in product(*(range(0, length, SIDE) for length in cover.shape)):
        part = np.zeros_like(cover)
        part[row : row + SIDE, col : col + SIDE] = cover[row : row + SIDE, col : col + SIDE]
        for geometry, value in shapes(part, np.isin(part, list(NAMES)), transform=transform):
            polygon = shape(geometry)
            if polygon.area > LEAST * pixel:
                found.append((NAMES[int(value)], polygon))
    names, polygons = zip(*found, strict=True)
    fields = gpd.GeoDataFrame({"crop": names}, geometry=list(polygons), crs=crs)
    drawn = [
        of_class.sample(WANTED[str(name)], random_state=0)
        for name, of_class in fields.groupby("crop")
    ]
    pd.concat(drawn).to_file(sys.argv[2])


if __name__ == "__main__":
    main()
