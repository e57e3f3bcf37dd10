"""The pixels to which all others of a map are compared."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from pimc.data.stack.grid import Grid
from pimc.mapping.blocks import BlockStore
from pimc.mapping.labelled import read_pixels

FORM = "r<row>c<column> such as r120c80, or at:<longitude>:<latitude> in degrees, joined by +"

PIXEL = re.compile(r"r(\d+)c(\d+)")

Point = tuple[float, float]


def parse_points(text: str) -> tuple[list[tuple[int, int]], list[Point]]:
    """Pixels by row and column, and points by longitude and latitude.

    Raises:
        ValueError: for anything else.
    """
    pixels, points = [], []
    for part in str(text).split("+"):
        if found := PIXEL.fullmatch(part.strip()):
            pixels.append((int(found[1]), int(found[2])))
            continue
        try:
            at, lon, lat = part.strip().split(":")
            points.append((float(lon), float(lat)))
        except ValueError as error:
            raise ValueError(f"like must be {FORM}, got {text!r}") from error
        if at != "at":
            raise ValueError(f"like must be {FORM}, got {text!r}")
    return pixels, points


def find_target(stores: Sequence[BlockStore], text: str) -> np.ndarray:
    """The mean of the embeddings of some pixels, each of length 1: D float32.

    Pixels by row and column are those of the first place; points lie in any.

    Raises:
        ValueError: if one lies outside, or has no embedding.
    """
    pixels, points = parse_points(text)
    found = [_read(stores[0], row, col, text) for row, col in pixels]
    for lon, lat in points:
        places = [(store, _cell(store.blocks.ground.place.grid, lon, lat)) for store in stores]
        inside = [(store, cell) for store, cell in places if cell is not None]
        if not inside:
            raise ValueError(f"like: longitude {lon}, latitude {lat} lies outside all places")
        store, (row, col) = inside[0]
        found.append(_read(store, row, col, text))
    target: np.ndarray = np.mean([each / np.linalg.norm(each) for each in found], axis=0)
    return target


def _read(store: BlockStore, row: int, col: int, text: str) -> np.ndarray:
    ground = store.blocks.ground
    rows, cols = ground.place.grid.shape
    if not (0 <= row < rows and 0 <= col < cols):
        raise ValueError(
            f"like={text}: row {row}, column {col} lies outside {ground.place.name}, which has "
            f"{rows} rows and {cols} columns, counted from 0"
        )
    value: np.ndarray = read_pixels(store, np.array([row]), np.array([col]))[0]
    if not np.isfinite(value).all():
        raise ValueError(
            f"like={text}: row {row}, column {col} of {ground.name} has too few clear "
            "observations; name another pixel"
        )
    return value


def _cell(grid: Grid, lon: float, lat: float) -> tuple[int, int] | None:
    """Row and column of a point; None outside."""
    from rasterio.transform import Affine
    from rasterio.warp import transform

    if grid.crs is None:
        return None
    (x,), (y,) = transform("EPSG:4326", grid.crs, [lon], [lat])
    col, row = ~Affine(*grid.transform) @ (x, y)
    inside = 0 <= row < grid.shape[0] and 0 <= col < grid.shape[1]
    return (int(row), int(col)) if inside else None
