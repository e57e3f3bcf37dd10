"""Which dimension of a cube is which, its days and its grid."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.dates import written_days
from pimc.data.stack.dating import find_date
from pimc.data.stack.grid import Grid

logger = logging.getLogger(__name__)

NAMES = {
    "time": ("time", "t", "date", "dates", "datetime", "acquisition", "acquisition_date"),
    "y": ("y", "lat", "latitude", "northing", "projection_y_coordinate"),
    "x": ("x", "lon", "longitude", "easting", "projection_x_coordinate"),
}
"""Names and CF standard names of dimensions, in small letters."""

EVEN = 0.1
"""Pixels by which a coordinate may lie off its grid: single precision in degrees does."""


@dataclass(frozen=True)
class Axes:
    """The dimensions of a cube.

    Attributes:
        time: its name, or None where the cube is of one date.
        y: of rows.
        x: of columns.
        days: ISO, one for each time.
        times: as they are written, which tell the images of a day apart.
        grid: rows from north to south, columns from west to east.
        flips: dimensions that run the other way in the file.
    """

    time: str | None
    y: str
    x: str
    days: tuple[str, ...]
    times: tuple[str, ...]
    grid: Grid
    flips: tuple[str, ...]


def find_axes(cube: Any, path: Path, crs: str | None) -> Axes:  # noqa: ANN401  xarray is an extra
    """Read the dimensions of a cube.

    Args:
        cube: xarray dataset, undecoded.
        path: of it, for messages and for the date of a cube without times.
        crs: that the user states, or None.

    Raises:
        ValueError: a dimension is missing, a grid that is not regular, coordinates that contradict
            the CRS, or times without a date.
    """
    time, y, x = (_find(cube, axis) for axis in NAMES)
    if y is None or x is None:
        raise ValueError(
            f"{path}: expected dimensions y and x (or lat and lon) with a coordinate each, got "
            f"{', '.join(map(str, cube.sizes)) or 'none'}; groups of a file, and grids whose "
            "coordinates have two dimensions, are not read"
        )
    ends = [_ends(cube[name].values, f"{path}: coordinate {name}") for name in (y, x)]
    (top, down), (left, along) = ends
    rows, cols = cube.sizes[y], cube.sizes[x]
    flips = []
    if down > 0:
        flips, top, down = [y], top + down * (rows - 1), -down
    if along < 0:
        flips, left, along = [*flips, x], left + along * (cols - 1), -along
    transform = (along, 0.0, left - along / 2, 0.0, down, top - down / 2)
    grid = Grid((rows, cols), _crs(cube, path, crs, (y, x)), transform)
    _check_unit(grid, path)
    times = _times(cube, time, path)
    days = tuple(str(day) for day in written_days(np.array(times), f"{path}: {time or 'name'}"))
    return Axes(time, y, x, days, times, grid, tuple(flips))


def _find(cube: Any, axis: str) -> str | None:  # noqa: ANN401
    """The dimension of an axis, by its name or by what CF says of its coordinate."""
    for name in cube.sizes:
        attributes = cube[name].attrs if name in cube.coords else {}
        standard = str(attributes.get("standard_name", "")).lower()
        if (
            str(name).lower() in NAMES[axis]
            or standard in NAMES[axis]
            or str(attributes.get("axis", "")).upper() == {"time": "T"}.get(axis, axis.upper())
            or (axis == "time" and " since " in str(attributes.get("units", "")))
        ):
            has_places = axis == "time" or name in cube.coords
            return str(name) if has_places else None
    return None


def _ends(values: np.ndarray, where: str) -> tuple[float, float]:
    """The first value of a coordinate and the step to the next."""
    count = len(values)
    if count < 2:
        raise ValueError(f"{where} has {count} value, from which no size of a pixel can be told")
    first, last = float(values[0]), float(values[-1])
    step = (last - first) / (count - 1)
    even = first + step * np.arange(count)
    if not step or not np.abs(values - even).max() <= EVEN * abs(step):
        raise ValueError(
            f"{where} is not evenly spaced ({first:g} to {last:g} in {count} steps): bring the "
            "cube to a regular grid"
        )
    return first, step


def _crs(cube: Any, path: Path, asked: str | None, axes: Sequence[str]) -> str | None:  # noqa: ANN401
    """CRS as WKT: the one that the cube states, else the user's, else degrees where axes say so."""
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        stated = _stated_crs(cube)
        given = None if asked is None else CRS.from_user_input(asked)
    except CRSError as error:
        raise ValueError(
            f"{path}: its CRS, or the option crs, is not understood: {error}"
        ) from error
    if stated is not None and given is not None and stated != given:
        raise ValueError(f"{path}: crs says {asked}, the cube {stated}; correct one of them")
    if stated is None and given is None:
        names = [str(cube[name].attrs.get("standard_name", name)).lower() for name in axes]
        if names[0].startswith("lat") and names[1].startswith("lon"):
            given = CRS.from_epsg(4326)
        else:
            logger.warning("%s states no CRS: set the option crs (EPSG:32631) if you know it", path)
    crs = stated or given
    return None if crs is None else crs.to_wkt()


def _stated_crs(cube: Any) -> Any:  # noqa: ANN401
    """By CF's grid mapping, or as stackstac and others write it beside the data."""
    from rasterio.crs import CRS

    for variable in [*cube.data_vars.values(), cube]:
        if variable.rio.crs is not None:
            return CRS.from_wkt(variable.rio.crs.to_wkt())
    for variable in cube.variables.values():  # a grid mapping that no variable names
        wkt = variable.attrs.get("crs_wkt") or variable.attrs.get("spatial_ref")
        if wkt:
            return CRS.from_user_input(wkt)
    for name in ("epsg", "proj:epsg"):
        if name in cube.coords and cube[name].size == 1:
            return CRS.from_epsg(int(cube[name].values.item()))
    for variable in [cube, *cube.data_vars.values()]:
        if isinstance(variable.attrs.get("crs"), str):
            return CRS.from_user_input(variable.attrs["crs"].removeprefix("+init="))
    return None


def _check_unit(grid: Grid, path: Path) -> None:
    """Refuse metres in a CRS of degrees, and the reverse."""
    from rasterio.crs import CRS

    if grid.crs is None:
        return
    (rows, cols), (a, _, c, _, e, f) = grid.shape, grid.transform
    degrees = CRS.from_wkt(grid.crs).is_geographic
    x, y = max(abs(c), abs(c + a * cols)), max(abs(f), abs(f + e * rows))
    if degrees and (x > 180.001 or y > 90.001):
        raise ValueError(
            f"{path}: its CRS is in degrees, but its coordinates go to x {x:g}, y {y:g}, which "
            "look like metres or like 0..360; correct the coordinates or the CRS"
        )
    if not degrees and x <= 180 and y <= 90 and a < 0.1:
        raise ValueError(
            f"{path}: its CRS is projected, but its coordinates (x to {x:g}, y to {y:g}, pixels of "
            f"{a:g}) look like degrees; correct the coordinates or the CRS"
        )


def _times(cube: Any, time: str | None, path: Path) -> tuple[str, ...]:  # noqa: ANN401
    """Times as text, as they are written: the zone of a unit does not move them."""
    name = time or next((name for name in NAMES["time"] if name in cube.coords), None)
    if name is None or name not in cube.coords:
        day = None if time else find_date(path.stem)
        if day is None:
            raise ValueError(
                f"{path}: expected a dimension time with a coordinate of dates, got dimensions "
                f"{', '.join(map(str, cube.sizes))}; or one date in its name"
            )
        return (day,)
    import xarray

    coordinate = cube[name]
    units = str(coordinate.attrs.get("units", ""))
    values = np.atleast_1d(coordinate.values)
    if " since " in units:
        written = re.sub(r"\s*(Z|UTC|[+-]\d{1,2}:?\d{2})$", "", units)
        attributes = {**coordinate.attrs, "units": written}
        values = xarray.decode_cf(
            xarray.Dataset({"written": ("each", values, attributes)}), decode_timedelta=False
        )["written"].values
    return tuple(_text(value) for value in values)


def _text(value: object) -> str:
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[s]"))
    return value.decode() if isinstance(value, bytes) else str(value)
