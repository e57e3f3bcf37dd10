"""The one rule of what is no data, and stored values to reflectance x 10,000."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pimc.data.patch import FILL

CAUSES = (
    "mask of data",
    "no-data value",
    "fill of the type",
    "0 in all bands",
    "impossible value",
    "outside the file",
)
"""Why a value is no data; ``cause`` arrays hold the position from 1, and 0 where it is valid."""

BY_MASK, BY_TAG, BY_FILL, BY_ZERO, BY_VALUE, OUTSIDE = range(1, len(CAUSES) + 1)

FILLS = {
    # both ends: the highest is what some exporters fill with, and what saturated values end at
    "int16": (-32_768, 32_767),
    # ESA's code for saturated, and the usual fill
    "uint16": (65_535,),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (2**32 - 1,),
}
"""Values of a type that no reflectance has, tagged or not."""

POSSIBLE = (-2_000, 32_767)
"""Reflectance x 10,000: no product goes below -0.2 (Landsat's zero; ESA's is -0.1), and ESA's end
at 2^15 - 1. Usual untagged fills (-10000, -9999) lie outside, cast to uint16 too (55536, 55537)."""


def is_missing(values: np.ndarray, no_data: float | None) -> np.ndarray:
    """Where stored values equal a tagged no-data value; NaN equals NaN."""
    if no_data is None:
        return np.zeros(values.shape, bool)
    if np.isnan(no_data):
        missing: np.ndarray = np.isnan(values)
        return missing
    # tags are doubles, which single-precision values do not equal
    expected = values.dtype.type(no_data) if values.dtype.kind == "f" else no_data
    return np.asarray(values == expected)


def is_fill(values: np.ndarray) -> np.ndarray:
    """Where stored values are the fill of their own type: NaN, infinity, or one of ``FILLS``."""
    if values.dtype.kind == "f":
        return np.asarray(~np.isfinite(values))
    filled = np.zeros(values.shape, bool)
    for fill in FILLS.get(values.dtype.name, ()):
        filled |= values == fill  # several times as fast as isin
    return filled


def normalise(
    values: np.ndarray, no_data: Sequence[float | None], gains: Sequence[tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Stored values to reflectance x 10,000, and why values are no data.

    A mask of data and zeros in all bands are looked at where all bands of an image are there.

    Args:
        values: C x ... as stored, integers or floats.
        no_data: C values, None where a band has no tag.
        gains: C pairs: reflectance x 10,000 = stored x gain + add.

    Returns:
        C x ... int16, ``FILL`` where there is no data; C x ... uint8, positions in ``CAUSES``.
    """
    reflectance = _scaled(values, gains)
    cause = np.zeros(values.shape, np.uint8)
    cause[(reflectance < POSSIBLE[0]) | (reflectance > POSSIBLE[1])] = BY_VALUE
    cause[is_fill(values)] = BY_FILL
    for band, tag in enumerate(no_data):
        cause[band][is_missing(values[band], tag)] = BY_TAG
    if reflectance.dtype.kind == "f":
        reflectance = np.rint(reflectance)
    return np.where(cause == 0, reflectance, FILL).astype(np.int16), cause


def _scaled(values: np.ndarray, gains: Sequence[tuple[float, float]]) -> np.ndarray:
    """Values x gain + add: whole numbers stay whole where they may."""
    shape = (-1, *[1] * (values.ndim - 1))
    gain, add = (np.reshape(each, shape) for each in zip(*gains, strict=True))
    if values.dtype.kind in "iu" and (gain == 1).all() and (add == np.rint(add)).all():
        whole = np.int64 if values.dtype.itemsize > 2 else np.int32
        return np.asarray(values.astype(whole) + add.astype(whole))
    return np.asarray(values.astype(np.float64) * gain + add)
