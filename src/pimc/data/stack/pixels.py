"""Read the pixels of one part of an image: values, why there are none, and what is clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from pimc.data.patch import FILL
from pimc.data.regular_file import told
from pimc.data.stack.bands import DATA_MASK
from pimc.data.stack.grid import Grid, covering_window, resample
from pimc.data.stack.header import Layer
from pimc.data.stack.images import Part
from pimc.data.stack.masks import CloudMask
from pimc.data.stack.numbers import Numbers
from pimc.data.stack.validity import BY_MASK, BY_ZERO, OUTSIDE, is_missing, normalise


@dataclass(frozen=True)
class Pixels:
    """What was read.

    Attributes:
        reflectance: C x H x W int16, x 10,000, ``FILL`` where there is no data.
        cause: C x H x W uint8, why: positions in ``validity.CAUSES``, 0 where valid.
        clear: H x W bool, where the cloud mask says clear; None without one.
    """

    reflectance: np.ndarray
    cause: np.ndarray
    clear: np.ndarray | None


@dataclass(frozen=True)
class Wanted:
    """What to read of each part of a place.

    Attributes:
        bands: as they are named in the files, in order.
        numbers: of each file and band of reflectance.
        mask: of clouds, or None.
        grid: to read on.
        method: that brings reflectance of another grid to it: nearest, bilinear or cubic.
    """

    bands: tuple[str, ...]
    numbers: Mapping[tuple[str, int], Numbers]
    mask: CloudMask | None
    grid: Grid
    method: str

    def numbers_of(self, layer: Layer) -> Numbers:
        """Gain and add of a layer."""
        return self.numbers[str(layer.path), layer.index]


@dataclass
class _Planes:
    """One layer on the grid read: values with their causes, or one plane of a mask."""

    values: np.ndarray
    cause: np.ndarray
    zero: np.ndarray


def read_part(part: Part, wanted: Wanted, window: Any, target: Grid) -> Pixels:  # noqa: ANN401
    """Read one part of an image, every file opened once.

    Args:
        part: of the image.
        wanted: what to read.
        window: rasterio window of the place's grid.
        target: the grid of that window, thinned or not.

    Raises:
        ValueError: a file cannot be read, or a mask holds what it cannot.
    """
    names = [*wanted.bands, *_mask_names(part, wanted)]
    layers = sorted(
        (part.layers[name] for name in dict.fromkeys(names)),
        key=lambda each: (each.path, each.index),
    )
    planes: dict[str, _Planes] = {}
    for _, of_file in groupby(layers, lambda layer: layer.read or layer.path):
        planes |= _read_file(tuple(of_file), wanted, window, target)
    bands = [planes[name] for name in wanted.bands]
    reflectance = np.stack([plane.values for plane in bands])
    cause = np.stack([plane.cause for plane in bands])
    nothing = np.logical_and.reduce([plane.zero for plane in bands])
    cause[:, nothing & (cause == 0).any(axis=0)] = BY_ZERO
    if DATA_MASK in planes:
        cause[:, planes[DATA_MASK].values == 0] = BY_MASK
    reflectance[cause != 0] = FILL
    clear = None
    if wanted.mask is not None:
        mask = planes.get(wanted.mask.band)
        clear = np.ones(target.shape, bool) if mask is None else mask.values == 1
    return Pixels(reflectance, cause, clear)


def merge_parts(parts: Sequence[Pixels]) -> Pixels:
    """One image of several: each pixel of the first part that has most of its bands."""
    first = parts[0]
    if len(parts) == 1:
        return first
    counts = np.stack([(part.cause == 0).sum(axis=0) for part in parts])
    chosen = counts.argmax(axis=0)  # the first of equals
    rows, cols = np.indices(chosen.shape)
    clear = None
    if first.clear is not None:
        clear = np.stack([np.asarray(part.clear) for part in parts])[chosen, rows, cols]
    stacks = (np.stack([getattr(p, name) for p in parts]) for name in ("reflectance", "cause"))
    reflectance, cause = (np.moveaxis(each[chosen, :, rows, cols], -1, 0) for each in stacks)
    return Pixels(reflectance, cause, clear)


def _mask_names(part: Part, wanted: Wanted) -> list[str]:
    """The masks of data and of clouds that a part has."""
    masks = [DATA_MASK] if wanted.mask is None else [DATA_MASK, wanted.mask.band]
    return [name for name in masks if name in part.layers]


def _read_file(
    layers: Sequence[Layer],
    wanted: Wanted,
    window: Any,  # noqa: ANN401  rasterio has no types
    target: Grid,
) -> dict[str, _Planes]:
    """Layers of one file on the target's grid, by the name of their band."""
    grid = layers[0].grid
    if grid == wanted.grid:
        return _planes(layers, wanted, *read_stored(layers, window, target.shape))
    part = covering_window(grid, target)
    if part is None:
        return {layer.name: _outside(target.shape) for layer in layers}
    from rasterio.windows import Window

    own = Window.from_slices(*part)
    stored = read_stored(layers, own, (round(own.height), round(own.width)))
    source = grid.thinned(own, stored[0].shape[1:])
    return {
        name: _brought(plane, source, target, wanted.method if name in wanted.bands else "nearest")
        for name, plane in _planes(layers, wanted, *stored).items()
    }


def read_stored(
    layers: Sequence[Layer],
    window: Any,  # noqa: ANN401  rasterio has no types
    shape: tuple[int, int] | None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Values of layers of one file as stored, and where its own mask says no data.

    Raises:
        ValueError: the file cannot be read.
    """
    if layers[0].read is not None:
        return layers[0].read(layers, window, shape)
    import rasterio

    path = layers[0].path
    with told(path, "pixels that can be read", "download it again"):
        with rasterio.open(path) as source:
            out = None if shape is None else (len(layers), *shape)
            indexes = [layer.index for layer in layers]
            values = source.read(indexes, window=window, out_shape=out)
            masked = None
            if layers[0].has_mask:
                masked = source.read_masks(1, window=window, out_shape=shape) == 0
            return values, masked


def _planes(
    layers: Sequence[Layer], wanted: Wanted, values: np.ndarray, masked: np.ndarray | None
) -> dict[str, _Planes]:
    """Stored values of one file's layers on its own grid to values and causes, or 0 and 1."""
    planes = {}
    at = [n for n, layer in enumerate(layers) if layer.name in wanted.bands]
    if at:
        numbers = [wanted.numbers_of(layers[n]) for n in at]
        gains = [(each.gain, each.add) for each in numbers]
        bands = values if len(at) == len(layers) else values[at]
        reflectance, cause = normalise(bands, [layers[n].no_data for n in at], gains)
        if masked is not None:
            cause[:, masked] = BY_MASK
        for n, plane, why, stored in zip(at, reflectance, cause, bands, strict=True):
            planes[layers[n].name] = _Planes(plane, why, stored == 0)
    for layer, stored in zip(layers, values, strict=True):
        if layer.name == DATA_MASK:
            known = np.isfinite(stored) & ~is_missing(stored, layer.no_data)
            planes[layer.name] = _flags((stored != 0) & known)
        elif wanted.mask is not None and layer.name == wanted.mask.band:
            planes[layer.name] = _flags(wanted.mask.clear(stored, layer.no_data, str(layer.path)))
    return planes


def _flags(values: np.ndarray) -> _Planes:
    nothing = np.zeros(values.shape, bool)
    return _Planes(values.astype(np.int16), nothing.astype(np.uint8), nothing)


def _outside(shape: tuple[int, int]) -> _Planes:
    nothing = np.zeros(shape, bool)
    values = np.full(shape, FILL, np.int16)
    return _Planes(values, np.full(shape, OUTSIDE, np.uint8), nothing)


def _brought(plane: _Planes, source: Grid, target: Grid, method: str) -> _Planes:
    """A plane on another grid: causes by the nearest pixel, values by the method.

    Values are interpolated after fills are known, so that none leaks into its neighbours.
    """

    def nearest(values: np.ndarray, fill: float) -> np.ndarray:
        return np.asarray(resample(values[None], source, target, "nearest", fill)[0])

    cause = nearest(plane.cause, OUTSIDE)
    zero = nearest(plane.zero.astype(np.uint8), 0) == 1
    values = nearest(plane.values, FILL)
    if method != "nearest":
        known = (plane.cause == 0) & ~plane.zero
        floats = np.where(known, plane.values, np.nan).astype(np.float32)
        smooth = resample(floats[None], source, target, method, np.nan)[0]
        use = np.isfinite(smooth) & (cause == 0) & ~zero
        rounded = np.clip(np.rint(np.where(use, smooth, 0)), FILL + 1, np.iinfo(np.int16).max)
        values = np.where(use, rounded, values).astype(np.int16)
    return _Planes(values, cause, zero)
