"""Features on the grid of a place: which pixel is whose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pimc.data.labels.features import Features
from pimc.data.patch import Georeference

if TYPE_CHECKING:
    from shapely import STRtree

TOLERANCE = 0.01
"""Pixels by which edges may miss the sides of pixels that they run along: a polygon touches no
pixel that it reaches less far into."""

SHRUNK = 0.5 - TOLERANCE
"""Pixels that polygons lose all around: pixels whose centre is left lie inside whole, or nearly."""

NO_PARCEL, NO_LABEL = 0, -1


@dataclass(frozen=True, eq=False)
class Shapes:
    """The features that lie on a place, in pixels of its grid: x along columns, y down rows.

    Attributes:
        outer: M shapes as they are drawn, less ``TOLERANCE``: what they touch.
        inner: M shapes of the pixels that they label.
        parcels: M int32 number of each feature in the file's order, from 1.
        codes: M int16 classes.
    """

    outer: np.ndarray
    inner: np.ndarray
    parcels: np.ndarray
    codes: np.ndarray

    @cached_property
    def tree(self) -> STRtree:
        """Finds the shapes of a window."""
        from shapely import STRtree

        return STRtree(self.outer)


@dataclass(frozen=True, eq=False)
class Burnt:
    """Features on the pixels of a window.

    Attributes:
        parcels: H x W int32, the feature that labels a pixel; ``NO_PARCEL`` for none.
        double: H x W bool, pixels that two features label.
        mixed: H x W bool, pixels that one labels and one of another class touches.
    """

    parcels: np.ndarray
    double: np.ndarray
    mixed: np.ndarray


def lay_on_grid(features: Features, georeference: Georeference, shape: tuple[int, int]) -> Shapes:
    """The features that lie on a grid of some rows and columns, in its pixels."""
    import shapely
    from rasterio.transform import Affine
    from shapely.affinity import affine_transform

    a, b, c, d, e, f = tuple(~Affine(*georeference.transform))[:6]
    geometry = features.geometry.to_crs(georeference.crs).to_numpy()
    # beyond the reach of a projection coordinates are infinite
    bounded = np.isfinite(shapely.bounds(geometry)).all(axis=1)
    grid = np.array(
        [affine_transform(each, (a, b, d, e, c, f)) for each in geometry[bounded]], dtype=object
    )
    rows, cols = shape
    inside = np.flatnonzero(shapely.intersects(grid, shapely.box(0, 0, cols, rows)))
    grid, numbers = grid[inside], np.flatnonzero(bounded)[inside]
    return Shapes(
        np.array([_shrunk(each, TOLERANCE) for each in grid], dtype=object),
        np.array([_shrunk(each, SHRUNK) for each in grid], dtype=object),
        (numbers + 1).astype(np.int32),
        features.codes[numbers],
    )


def _shrunk(shape: Any, by: float) -> Any:  # noqa: ANN401  shapely's geometries
    """A polygon less a rim; points, each pixel that holds some once."""
    import shapely

    if shapely.get_dimensions(shape) == 2:
        return shape.buffer(-by, join_style="mitre")
    return shapely.MultiPoint(np.unique(np.floor(shapely.get_coordinates(shape)) + 0.5, axis=0))


def burn(shapes: Shapes, rows: slice, cols: slice) -> Burnt:
    """Which feature labels each pixel of a window, and which pixels more than one speaks of.

    A polygon labels the pixels whose centre lies half a pixel and more inside it, a point its
    own. A pixel that two features label has no label, nor has one that a feature of another class
    touches.
    """
    import shapely

    size = (rows.stop - rows.start, cols.stop - cols.start)
    parcels = np.zeros(size, np.int32)
    nothing = np.zeros(size, bool)
    window = shapely.box(cols.start, rows.start, cols.stop, rows.stop)
    found: np.ndarray = np.sort(shapes.tree.query(window))
    if not found.size:
        return Burnt(parcels, nothing, nothing)
    count = _draw(shapes.inner[found], np.ones(len(found)), rows, cols, add=True)
    parcels = _draw(shapes.inner[found], shapes.parcels[found], rows, cols)
    codes = shapes.codes[found]
    classes = np.zeros(size, np.int16)
    for code in np.unique(codes):
        outer = shapes.outer[found][codes == code]
        classes += _draw(outer, np.ones(len(outer)), rows, cols, touched=True) > 0
    double = count > 1
    mixed = (count == 1) & (classes > 1)
    parcels[double | mixed] = NO_PARCEL
    return Burnt(parcels, double, mixed)


def _draw(
    shapes: np.ndarray,
    values: np.ndarray,
    rows: slice,
    cols: slice,
    add: bool = False,
    touched: bool = False,
) -> np.ndarray:
    """Shapes in pixels onto a window, int32; 0 where none is."""
    from rasterio.enums import MergeAlg
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    size = (rows.stop - rows.start, cols.stop - cols.start)
    drawn = [
        (shape, int(value))
        for shape, value in zip(shapes, values, strict=True)
        if not shape.is_empty
    ]
    if not drawn:
        return np.zeros(size, np.int32)
    burnt: np.ndarray = rasterize(
        drawn,
        size,
        transform=Affine.translation(cols.start, rows.start),
        all_touched=touched,
        merge_alg=MergeAlg.add if add else MergeAlg.replace,
        dtype="int32",
    )
    return burnt
