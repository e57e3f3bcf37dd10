"""Where the pixels of a file lie, and how those of another grid are brought to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pimc.data.patch import Georeference

GRID_TOLERANCE = 1e-3
"""Pixels by which two grids may differ anywhere: rounding in the files, not another grid."""

FURTHEST = 1e9
"""Metres or feet from the origin of any CRS: the earth is 4e7 metres around."""

LONGEST = 2**17
"""Pixels a side of a place: twelve tiles of Sentinel-2. Patches and looks are counted by it."""

Transform = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class Grid:
    """Rows, columns and where they lie: the CRS as WKT (None without one), the transform."""

    shape: tuple[int, int]
    crs: str | None
    transform: Transform

    def __post_init__(self) -> None:
        """Check that it has cells, and no more than an image may."""
        a, b, _, d, e, _ = self.transform
        if not (np.isfinite(self.transform).all() and a * e - b * d):
            raise ValueError(f"a transform that gives no cells, {self.transform}")
        if np.abs(self.transform).max() > FURTHEST:
            raise ValueError(f"a transform that leaves the earth, {self.transform}")
        if max(self.shape) > LONGEST:
            raise ValueError(
                f"{self.shape[0]:,} x {self.shape[1]:,} pixels, at most {LONGEST:,} a side"
            )

    @property
    def pixel(self) -> float:
        """Side of a pixel in units of the CRS."""
        return max(map(abs, self.transform[:2]))

    def difference(self, other: Grid) -> str | None:
        """What sets the other grid apart, in words; None where the two are one."""
        if self.shape != other.shape:
            return f"{other.shape} rows and columns, not {self.shape}"
        if not _same_crs(self.crs, other.crs):
            return f"CRS {other.crs}, not {self.crs}"
        if not self._same_corners(other.transform):
            return f"transform {other.transform}, not {self.transform}"
        return None

    def is_refined(self, coarse: Grid) -> bool:
        """Whether this grid cuts each pixel of a coarser one into n x n: 20 m into 10 m."""
        times = round(coarse.pixel / self.pixel)
        if times < 2 or not _same_crs(self.crs, coarse.crs):
            return False
        a, b, c, d, e, f = coarse.transform
        fits = coarse.shape == tuple(-(-length // times) for length in self.shape)
        return fits and self._same_corners((a / times, b / times, c, d / times, e / times, f))

    def _same_corners(self, transform: Transform) -> bool:
        rows, cols = self.shape
        # a difference in the size of a pixel adds up over the grid
        reach = (cols, rows, 1, cols, rows, 1)
        apart = np.abs(np.subtract(self.transform, transform)) * reach / self.pixel
        return bool(apart.max() <= GRID_TOLERANCE)

    def part(self, row: int, col: int) -> Georeference | None:
        """Georeference of the part that begins at a row and column; None without a CRS."""
        if self.crs is None:
            return None
        return Georeference(self.crs, self._moved(row, col))

    def thinned(self, window: Any, shape: tuple[int, int]) -> Grid:  # noqa: ANN401  rasterio's
        """The grid of a window of this one, read as ``shape`` rows and columns."""
        a, b, c, d, e, f = self._moved(window.row_off, window.col_off)
        down, along = window.height / shape[0], window.width / shape[1]
        return Grid(shape, self.crs, (a * along, b * down, c, d * along, e * down, f))

    def _moved(self, row: float, col: float) -> Transform:
        a, b, c, d, e, f = self.transform
        return (a, b, c + a * col + b * row, d, e, f + d * col + e * row)


def grid_of(source: Any) -> Grid:  # noqa: ANN401  rasterio has no types
    """The grid of an open rasterio dataset."""
    crs = source.crs.to_wkt() if source.crs else None
    return Grid(tuple(source.shape), crs, tuple(source.transform)[:6])


def covering_window(grid: Grid, target: Grid, margin: int = 4) -> tuple[slice, slice] | None:
    """Rows and columns of a grid that a target lies on, and a margin; None where none do."""
    from rasterio.transform import Affine
    from rasterio.warp import transform as transform_points

    rows, cols = (np.linspace(0, length, 21) for length in target.shape)
    at = Affine(*target.transform) @ tuple(np.broadcast_arrays(*np.meshgrid(cols, rows)))
    x, y = (np.ravel(values) for values in at)
    if not _same_crs(grid.crs, target.crs):
        x, y = map(np.asarray, transform_points(target.crs, grid.crs, x, y))
    along, down = ~Affine(*grid.transform) @ (x, y)
    spans = []
    for values, length in zip((down, along), grid.shape, strict=True):
        start = max(0, int(np.floor(values.min())) - margin)
        stop = min(length, int(np.ceil(values.max())) + margin)
        if start >= stop:
            return None
        spans.append(slice(start, stop))
    return spans[0], spans[1]


def resample(values: np.ndarray, grid: Grid, target: Grid, method: str, fill: float) -> np.ndarray:
    """Bring C x h x w values of a grid to another one.

    Args:
        values: on the grid; ``fill`` in floats takes no part in what is interpolated.
        grid: of the values.
        target: to bring them to.
        method: nearest, bilinear or cubic.
        fill: outside of the grid.

    Returns:
        C x rows x cols of the target, of the same type.
    """
    from rasterio.enums import Resampling
    from rasterio.transform import Affine
    from rasterio.warp import reproject

    result = np.full((len(values), *target.shape), fill, values.dtype)
    anywhere = "EPSG:3857"  # two grids without a CRS share one, whichever
    reproject(
        values,
        result,
        src_transform=Affine(*grid.transform),
        src_crs=grid.crs or anywhere,
        dst_transform=Affine(*target.transform),
        dst_crs=target.crs or anywhere,
        resampling=Resampling[method],
        src_nodata=fill,
        dst_nodata=fill,
    )
    return result


def _same_crs(one: str | None, other: str | None) -> bool:
    """Whether two WKT texts mean one CRS: programs word the same one differently."""
    from rasterio.crs import CRS

    if one is None or other is None or one == other:
        return one == other
    return bool(CRS.from_wkt(one) == CRS.from_wkt(other))
