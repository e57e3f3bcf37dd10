"""The one grid that the items of a place are loaded onto."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pimc.data.stac.assets import Header, bounds
from pimc.data.stack.grid import GRID_TOLERANCE, Grid


def choose_grid(
    headers: Sequence[Header],
    crs: str | None,
    resolution: float | None,
    bbox: Sequence[float] | None,
) -> Grid:
    """The grid of a place.

    Args:
        headers: of its reflectance.
        crs: asked for; None takes the one that most files have.
        resolution: pixels in units of the CRS; None takes the finest that files of this CRS have.
        bbox: west, south, east and north in degrees; None covers all files.

    Returns:
        That of the files where they share one and nothing else is asked for; a part of it, or one
        in line with it, where CRS and resolution are theirs; else pixels in line with 0.

    Raises:
        ValueError: files without a CRS, a resolution that cannot be told, or a bbox outside.
    """
    from rasterio.crs import CRS

    lacking = next((header for header in headers if header.grid.crs is None), None)
    if lacking is not None:
        raise ValueError(f"{lacking.asset.path}: {lacking.asset.href} has no CRS; tag it")
    counts = Counter(str(header.grid.crs) for header in headers)
    wanted = CRS.from_user_input(crs or counts.most_common(1)[0][0]).to_wkt()
    own = [
        header.grid for header in headers if CRS.from_wkt(header.grid.crs) == CRS.from_wkt(wanted)
    ]
    base = min(own, key=lambda grid: grid.pixel, default=None)
    if base is None and resolution is None:
        raise ValueError(f"no file has the CRS {crs}: set resolution, in its units")
    if base is None or (resolution and abs(resolution / base.pixel - 1) > GRID_TOLERANCE):
        base = Grid(
            (0, 0), wanted, (float(resolution or 1), 0.0, 0.0, 0.0, -float(resolution or 1), 0.0)
        )
    covered = _union([_bounds_in(grid, wanted) for grid in {header.grid for header in headers}])
    if bbox is not None:
        covered = _cut(covered, bbox, wanted)
    return _in_line(base, covered)


def _bounds_in(grid: Grid, crs: str) -> tuple[float, ...]:
    from rasterio.crs import CRS
    from rasterio.warp import transform_bounds

    if CRS.from_wkt(grid.crs) == CRS.from_wkt(crs):
        return bounds(grid)
    return tuple(transform_bounds(grid.crs, crs, *bounds(grid), densify_pts=21))


def _union(boxes: Sequence[Sequence[float]]) -> tuple[float, ...]:
    west, south, east, north = np.transpose(boxes)
    return west.min(), south.min(), east.max(), north.max()


def _cut(covered: Sequence[float], bbox: Sequence[float], crs: str) -> tuple[float, ...]:
    """What lies in a box of degrees."""
    from rasterio.warp import transform_bounds

    west, south, east, north = transform_bounds("EPSG:4326", crs, *bbox, densify_pts=21)
    cut = (
        max(covered[0], west),
        max(covered[1], south),
        min(covered[2], east),
        min(covered[3], north),
    )
    if cut[0] >= cut[2] or cut[1] >= cut[3]:
        raise ValueError(
            f"bbox {tuple(bbox)} (west, south, east, north in degrees) lies outside of all files"
        )
    return cut


def _in_line(base: Grid, box: Sequence[float]) -> Grid:
    """Whole pixels of a grid's lattice that cover a box, rounding apart."""
    a, _, c, _, e, f = base.transform
    west, south, east, north = box
    left, right = (west - c) / a, (east - c) / a
    top, bottom = (north - f) / e, (south - f) / e
    first_col, first_row = (int(np.floor(v + GRID_TOLERANCE)) for v in (left, top))
    last_col, last_row = (int(np.ceil(v - GRID_TOLERANCE)) for v in (right, bottom))
    shape = (last_row - first_row, last_col - first_col)
    return Grid(shape, base.crs, (a, 0.0, c + a * first_col, 0.0, e, f + e * first_row))
