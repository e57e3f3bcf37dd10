"""Spectral indices of vegetation, one entry of a table each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pimc.data.patch import REFLECTANCE_SCALE


@dataclass(frozen=True)
class SpectralIndex:
    """One index: the bands it needs and how it is computed from them.

    Attributes:
        bands: names of the bands, in the order in which ``formula`` takes them.
        formula: float32 reflectances (0..1, NaN where invalid) to the index. It gives NaN where
            the index is undefined.
        bounds: least and greatest valid value; the index is NaN beyond.
    """

    bands: tuple[str, ...]
    formula: Callable[..., np.ndarray]
    bounds: tuple[float, float]


def ndvi(nir: np.ndarray, red: np.ndarray) -> np.ndarray:
    """(N - R) / (N + R) (Rouse et al. 1974)."""
    value: np.ndarray = (nir - red) / (nir + red)
    return value


def evi(nir: np.ndarray, red: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """2.5 (N - R) / (N + 6 R - 7.5 B + 1) (Huete et al. 2002).

    The denominator nears 0 over bright blue targets (cloud, foam); below 0.25 the index says
    nothing about vegetation and is NaN.
    """
    denominator = nir + 6 * red - 7.5 * blue + 1
    undefined = np.full_like(denominator, np.nan)
    defined = denominator >= 0.25
    value: np.ndarray = np.divide(2.5 * (nir - red), denominator, out=undefined, where=defined)
    return value


def savi(nir: np.ndarray, red: np.ndarray) -> np.ndarray:
    """1.5 (N - R) / (N + R + 0.5) (Huete 1988, with L = 0.5)."""
    value: np.ndarray = 1.5 * (nir - red) / (nir + red + 0.5)
    return value


INDICES: dict[str, SpectralIndex] = {
    "NDVI": SpectralIndex(("B08", "B04"), ndvi, (-1.0, 1.0)),
    "EVI": SpectralIndex(("B08", "B04", "B02"), evi, (-1.5, 1.5)),
    "SAVI": SpectralIndex(("B08", "B04"), savi, (-1.5, 1.5)),
}
"""Every index that parameters may name."""


def check_indices(names: Sequence[str], bands: Sequence[str]) -> None:
    """Raise unless every index is known and the bands that it needs are there.

    Raises:
        ValueError: naming the index, and the known indices or the available bands.
    """
    for name in names:
        if name not in INDICES:
            raise ValueError(f"unknown index {name!r}; known are {', '.join(INDICES)}")
        missing = [band for band in INDICES[name].bands if band not in bands]
        if missing:
            raise ValueError(
                f"{name} needs band {', '.join(missing)}, but the reflectance has "
                f"{', '.join(bands)}; leave {name} out of the indices or supply the band"
            )


def reflectance_of(reflectance: np.ndarray, bands: Sequence[str], band: str) -> np.ndarray:
    """One band as physical reflectance.

    Args:
        reflectance: ... x C int16, reflectance x 10,000.
        bands: names of the C bands.
        band: the one wanted.

    Returns:
        ... float32 in 0..1; NaN where the stored value is 0, negative or ``FILL``: light was
        not measured there.
    """
    stored = reflectance[..., list(bands).index(band)]
    scale = np.float32(REFLECTANCE_SCALE)
    return np.where(stored > 0, stored / scale, np.float32(np.nan))


def compute_indices(
    reflectance: np.ndarray, bands: Sequence[str], names: Sequence[str]
) -> np.ndarray:
    """Spectral indices of reflectances; only the bands that they need are read.

    Args:
        reflectance: ... x C int16, reflectance x 10,000, ``FILL`` where there is no data.
        bands: names of the C bands.
        names: of the I indices, keys of ``INDICES``.

    Returns:
        ... x I float32; NaN where a needed band is 0, negative or ``FILL``, or the index is
        undefined or out of its bounds. The memory order is index-major: moving the last axis
        elsewhere costs no copy.

    Raises:
        ValueError: for an unknown index, a missing band, or another number of bands.
    """
    if reflectance.shape[-1] != len(bands):
        raise ValueError(
            f"expected {len(bands)} bands ({', '.join(bands)}) on the last axis of the "
            f"reflectance, got shape {reflectance.shape}"
        )
    check_indices(names, bands)
    needed = {band for name in names for band in INDICES[name].bands}
    physical = {band: reflectance_of(reflectance, bands, band) for band in needed}
    values = np.empty((len(names), *reflectance.shape[:-1]), dtype=np.float32)
    for position, name in enumerate(names):
        index = INDICES[name]
        low, high = index.bounds
        computed = index.formula(*(physical[band] for band in index.bands))
        values[position] = np.where((computed >= low) & (computed <= high), computed, np.nan)
    return np.moveaxis(values, 0, -1)


def compute_pixel_indices(
    reflectance: np.ndarray, bands: Sequence[str], names: Sequence[str]
) -> np.ndarray:
    """Indices of pixel series, laid out pixel x index x date.

    Args:
        reflectance: P x T x C int16, reflectance x 10,000, ``FILL`` where there is no data.
        bands: names of the C bands.
        names: of the I indices.

    Returns:
        P x I x T float32, contiguous; NaN where an index is undefined (``compute_indices``).
    """
    values = compute_indices(reflectance, bands, names)
    return np.ascontiguousarray(np.moveaxis(values, -1, 1))
