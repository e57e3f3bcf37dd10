"""Arrays with named axes, as xarray has them, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

if TYPE_CHECKING:
    from xarray import DataArray

EMBEDDING = "embedding"
"""The axis of an array of embeddings."""

NAMES = {
    "time": ("time", "t", "date"),
    "band": ("band", "bands", "variable"),
    "y": ("y", "lat", "latitude"),
    "x": ("x", "lon", "longitude"),
}
"""What axes are called; ``variable`` is what xarray's ``to_dataarray`` calls its own."""


def is_labelled(array: object) -> TypeGuard[DataArray]:
    """Whether it is an array of xarray, which need not be installed.

    Raises:
        TypeError: for a data set of xarray, whose bands are variables.
    """
    if hasattr(array, "data_vars"):
        raise TypeError(
            "expected a DataArray with an axis of bands, got a Dataset: hand over "
            "dataset[[...bands...]].to_dataarray('band')"
        )
    return hasattr(array, "dims") and hasattr(array, "coords")


def ordered(array: DataArray, inner: Sequence[str], where: str) -> DataArray:
    """The array with some axes last, in that order, whatever they are called.

    Raises:
        ValueError: if it lacks one of them, or has no other.
    """
    found = [next((n for n in NAMES[axis] if n in array.dims), None) for axis in inner]
    others = [name for name in array.dims if name not in found]
    if None in found or not others:
        raise ValueError(
            f"{where}: expected axes {', '.join(inner)} and at least one more, got "
            f"{', '.join(map(str, array.dims))}; rename them, or add an axis by expand_dims"
        )
    return array.transpose(*others, *found)


def labels(array: DataArray, axis: int, where: str) -> np.ndarray:
    """The coordinate of an axis.

    Raises:
        ValueError: if it has none.
    """
    name = array.dims[axis]
    if name not in array.coords:
        raise ValueError(f"{where}: the axis {name} has no coordinate; assign it, or give it")
    return np.asarray(array.coords[name].values)


def embedded_like(array: DataArray, embeddings: np.ndarray) -> DataArray:
    """Embeddings as an array on the outer axes of the one they are of.

    Args:
        array: as ``ordered`` gives it.
        embeddings: its outer axes x D.

    Returns:
        Outer axes, then ``embedding``; with all coordinates that lie on outer axes.
    """
    from xarray import DataArray

    outer = array.dims[: embeddings.ndim - 1]
    coords: dict[Any, Any] = {
        name: each for name, each in array.coords.items() if set(each.dims) <= set(outer)
    }
    return DataArray(embeddings, coords, (*outer, EMBEDDING), name=EMBEDDING)
