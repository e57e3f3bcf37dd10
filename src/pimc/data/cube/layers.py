"""The bands of a cube at each date as layers, and their values as stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.cube.axes import Axes, find_axes
from pimc.data.cube.files import CUBE, REMEDY, open_cube
from pimc.data.cube.sources import Source, find_sources
from pimc.data.fingerprint import FileStamp, file_stamp
from pimc.data.regular_file import told
from pimc.data.stack.bands import is_reflectance
from pimc.data.stack.header import Layer
from pimc.data.stack.statements import FolderMetadata

NO_DATA = ("_FillValue", "missing_value", "nodata")
"""Attributes that state it; xarray and rioxarray write the first, odc-stac the last."""

BLOCK_BYTES = 2**25
"""Windows of all times that are kept are no larger."""


@dataclass(frozen=True, eq=False)
class Validity:
    """What a variable says of its own numbers.

    Attributes:
        no_data: the value that stands for it; None without one.
        others: that mean the same.
        limits: of valid values.
        dtype: in which values count: signed bytes may stand for unsigned ones.
    """

    no_data: float | None
    others: tuple[float, ...]
    limits: tuple[float, float]
    dtype: np.dtype

    def clean(self, stored: np.ndarray) -> np.ndarray:
        """Values with whatever means no data brought to the one value that does."""
        values = stored.view(self.dtype) if stored.dtype != self.dtype else stored
        low, high = self.limits
        missing = np.isin(values, self.others) | (values < low) | (values > high)
        return (
            np.where(missing, values.dtype.type(self.no_data), values) if missing.any() else values
        )


@dataclass(frozen=True, eq=False)
class CubeVariable:
    """One variable of a cube: reads windows of its bands.

    Attributes:
        values: xarray variable, unread.
        band: its dimension of bands, or None.
        axes: of the cube.
        validity: what it says of its numbers.
    """

    values: Any
    band: str | None
    axes: Axes
    validity: Validity

    def index(self, time: int, step: int) -> int:
        """Number of a plane, from 1."""
        return time * self._width + step + 1

    def read(
        self,
        layers: Sequence[Layer],
        window: Any,  # noqa: ANN401  rasterio has no types
        shape: tuple[int, int] | None,
    ) -> tuple[np.ndarray, None]:
        """C x h x w values as stored, see ``pimc.data.stack.header.ReadStored``.

        Raises:
            ValueError: the cube cannot be read.
        """
        with told(layers[0].path, "pixels that can be read", REMEDY):
            return np.stack([self._plane(layer.index, window, shape) for layer in layers]), None

    @property
    def _width(self) -> int:
        return 1 if self.band is None else int(self.values.sizes[self.band])

    def _plane(
        self,
        index: int,
        window: Any,  # noqa: ANN401
        shape: tuple[int, int] | None,
    ) -> np.ndarray:
        axes = self.axes
        time, step = divmod(index - 1, self._width)
        lengths = (self.values.sizes[name] for name in (axes.y, axes.x))
        spans = map(slice, (0, 0), lengths) if window is None else window.toslices()
        rows, cols = ((round(span.start), round(span.stop)) for span in spans)
        if self._spans_times(rows, cols):
            stored = _read_block(self, step, rows, cols)[time]
        else:
            stored = self._read(step, rows, cols, time)
        if shape is not None and shape != stored.shape:
            nearest = (
                ((np.arange(count) + 0.5) * length / count).astype(int)
                for count, length in zip(shape, stored.shape, strict=True)
            )
            stored = stored[np.ix_(*nearest)]
        return self.validity.clean(stored)

    def _spans_times(self, rows: tuple[int, int], cols: tuple[int, int]) -> bool:
        """Whether the file's chunks hold several times, and these a window worth keeping."""
        time, values = self.axes.time, self.values
        chunks = values.encoding.get("chunks") or values.encoding.get("chunksizes")
        if time not in values.dims or not chunks or chunks[values.dims.index(time)] == 1:
            return False
        size = values.sizes[time] * (rows[1] - rows[0]) * (cols[1] - cols[0])
        return bool(size * values.dtype.itemsize <= BLOCK_BYTES)

    def _read(
        self, step: int, rows: tuple[int, int], cols: tuple[int, int], time: int | None = None
    ) -> np.ndarray:
        """A window at one time, or T x h x w at all."""
        axes = self.axes
        at: dict[str, int | slice] = {axes.y: slice(*rows), axes.x: slice(*cols)}
        if self.band is not None:
            at[self.band] = step
        if time is not None and axes.time is not None and axes.time in self.values.dims:
            at[axes.time] = time
        return np.asarray(self.values.isel(at).transpose(..., axes.y, axes.x).values)


@lru_cache(maxsize=16)
def _read_block(
    variable: CubeVariable, step: int, rows: tuple[int, int], cols: tuple[int, int]
) -> np.ndarray:
    """A window at all times: chunks that hold them all would be unpacked anew for each."""
    return variable._read(step, rows, cols)


def read_cube(
    path: Path, names: Mapping[str, str | None] | None, crs: str | None
) -> tuple[tuple[Layer, ...], FolderMetadata]:
    """The layers of a cube, unread, and what the cube says along its times.

    Args:
        path: of the cube.
        names: of its bands where the user gave them.
        crs: that the user states, or None.

    Raises:
        ValueError: unreadable, without names, dates or a regular grid, or in percent.
    """
    cube = open_cube(path)
    with told(path, CUBE, REMEDY):
        return _read_layers(cube, path, names, crs)


def _read_layers(
    cube: Any,  # noqa: ANN401  xarray is an extra
    path: Path,
    names: Mapping[str, str | None] | None,
    crs: str | None,
) -> tuple[tuple[Layer, ...], FolderMetadata]:
    axes = find_axes(cube, path, crs)
    sources = find_sources(cube, axes, names, path)
    flipped = cube.isel({name: slice(None, None, -1) for name in axes.flips})
    stamp = _stamp(path)
    layers = (
        layer
        for name in dict.fromkeys(source.variable for source in sources)
        for layer in _layers(
            flipped[name], [each for each in sources if each.variable == name], axes, (path, stamp)
        )
    )
    return tuple(layers), FolderMetadata((), tuple(_items(cube, axes, path)))


def _layers(
    array: Any,  # noqa: ANN401  xarray is an extra
    sources: Sequence[Source],
    axes: Axes,
    file: tuple[Path, FileStamp],
) -> Iterator[Layer]:
    """The bands of one variable at each date."""
    path, stamp = file
    where = path / str(array.name)
    if array.attrs.get("units") in ("%", "percent") and is_reflectance(sources[0].name):
        raise ValueError(f"{where}: its unit is percent; convert it to reflectance of 0..1")
    validity = read_validity(array.dtype, array.attrs, str(where))
    band = None if sources[0].band is None else sources[0].band[0]
    variable = CubeVariable(array.variable, band, axes, validity)
    items = {name.upper(): str(value) for name, value in array.attrs.items()}
    for source, (at, day) in product(sources, enumerate(axes.days)):
        yield Layer(
            path=where,
            index=variable.index(at, 0 if source.band is None else source.band[1]),
            name=source.name,
            source=source.text,
            day=day,
            # images of one day are told apart by their times, those of one time by their order
            product=f"{axes.times[at]} {at:05d}",
            dtype=str(validity.dtype),
            no_data=validity.no_data,
            tag=_tag(array.attrs),
            items=items,
            has_mask=False,
            grid=axes.grid,
            stamp=stamp,
            read=variable.read,
        )


def read_validity(dtype: np.dtype, attributes: Mapping[str, Any], where: str) -> Validity:
    """What attributes say of no data and of valid values, by CF.

    Raises:
        ValueError: limits that are none.
    """
    kind = np.dtype(dtype)
    if str(attributes.get("_Unsigned", "")).lower() == "true" and kind.kind == "i":
        kind = np.dtype(f"u{kind.itemsize}")
    stated = [np.ravel(attributes[name]) for name in NO_DATA if attributes.get(name) is not None]
    values = list(dict.fromkeys(_as_stored(v, kind) for each in stated for v in each))
    low, high = (
        attributes.get(name, default)
        for name, default in (("valid_min", -np.inf), ("valid_max", np.inf))
    )
    if "valid_range" in attributes:
        low, high = attributes["valid_range"]
    if np.asarray([low, high]).dtype.kind == "f" and kind.kind != "f":
        low, high = -np.inf, np.inf  # they are of physical values, CF says
    if not low < high:
        raise ValueError(f"{where}: its valid values are {low} to {high}; correct the attributes")
    spare = np.nan if kind.kind == "f" else np.iinfo(kind).min if kind.kind == "i" else None
    if spare is None:
        spare = np.iinfo(kind).max
    limited = np.isfinite([low, high]).any()
    no_data = values[0] if values else spare if limited else None
    return Validity(no_data, tuple(values[1:]), (float(low), float(high)), kind)


def _as_stored(value: Any, kind: np.dtype) -> float:  # noqa: ANN401
    """A stated value in the type of the data: -1 in a byte that counts as unsigned is 255."""
    number = float(value)
    if kind.kind == "u" and -(2 ** (8 * kind.itemsize - 1)) <= number < 0:
        return number + 2.0 ** (8 * kind.itemsize)
    return number


def _tag(attributes: Mapping[str, Any]) -> tuple[float, float] | None:
    """CF's scale and offset, None where they change nothing."""
    tag = (
        float(attributes.get("scale_factor", 1)),
        float(attributes.get("add_offset", 0)),
    )
    return None if tag == (1.0, 0.0) else tag


def _items(cube: Any, axes: Axes, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:  # noqa: ANN401
    """STAC's properties that stand along the times, as stackstac writes them, as items."""
    along = {
        str(name): coordinate.values
        for name, coordinate in cube.coords.items()
        if axes.time and coordinate.dims == (axes.time,) and ":" in str(name)
    }
    for at, day in enumerate(axes.days if along else ()):
        properties = {name: values[at].item() for name, values in along.items()}
        yield path.name, {"properties": {"datetime": day, **properties}, "assets": {}}


def _stamp(path: Path) -> FileStamp:
    """Of a file, or of a store: its newest file, and the sizes of all."""
    if path.is_file():
        return file_stamp(path)
    found = [each.stat() for each in sorted(path.rglob("*")) if each.is_file()]
    newest = max((each.st_mtime_ns for each in found), default=0)
    return path.name, sum(each.st_size for each in found), newest
