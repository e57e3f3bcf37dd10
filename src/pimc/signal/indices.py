"""Channels of series by name: indices of our own table, of a catalogue, and bands as they are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np

from pimc.data.patch import REFLECTANCE_SCALE
from pimc.data.simulation.spectra import BAND_WINDOWS
from pimc.signal.index_catalogue import catalogue_index
from pimc.signal.spectral_index import SpectralIndex

__all__ = ["INDICES", "SpectralIndex", "compute_indices", "compute_pixel_indices", "find_index"]


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


def normalised_difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(a - b) / (a + b)."""
    value: np.ndarray = (first - second) / (first + second)
    return value


INDICES: dict[str, SpectralIndex] = {
    "NDVI": SpectralIndex(("B08", "B04"), ndvi, (-1.0, 1.0)),
    "EVI": SpectralIndex(("B08", "B04", "B02"), evi, (-1.5, 1.5)),
    "SAVI": SpectralIndex(("B08", "B04"), savi, (-1.5, 1.5)),
    # water in leaves (Gao 1996); burnt and bare ground (Key and Benson 2006); chlorophyll, by the
    # red edge (Gitelson and Merzlyak 1994)
    "NDMI": SpectralIndex(("B08", "B11"), normalised_difference, (-1.0, 1.0)),
    "NBR": SpectralIndex(("B08", "B12"), normalised_difference, (-1.0, 1.0)),
    "NDRE": SpectralIndex(("B08", "B05"), normalised_difference, (-1.0, 1.0)),
}
"""Indices of our own; they go before those of the catalogue that have their name."""

BRIGHTEST = 2.0
"""Reflectance beyond which a band is no ground: sun glint and the brightest snow stay below."""


def _as_it_is(band: np.ndarray) -> np.ndarray:
    return band


def find_index(name: str) -> SpectralIndex:
    """The channel of that name: our own index, a band of Sentinel-2, or the catalogue's index.

    Raises:
        ValueError: for a name of none of them, or an index that Sentinel-2 cannot give.
    """
    if name in INDICES:
        return INDICES[name]
    if name in BAND_WINDOWS or name == "B10":
        return SpectralIndex((name,), _as_it_is, (0.0, BRIGHTEST))
    found = catalogue_index(name)
    if found is None:
        raise ValueError(_unknown(name))
    return found


def _unknown(name: str) -> str:
    import spyndex

    known = dict.fromkeys([*INDICES, *BAND_WINDOWS, *spyndex.indices])
    near = difflib.get_close_matches(name.upper(), known, n=3, cutoff=0.6)
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    return (
        f"unknown index {name!r}{hint}; known are {', '.join(INDICES)}, bands by their names "
        "(B11), and those of the catalogue of spyndex that Sentinel-2 can give"
    )


def check_indices(names: Sequence[str], bands: Sequence[str]) -> None:
    """Raise unless every channel is known, named once, and the bands that it needs are there.

    Raises:
        ValueError: naming the channel, and what is known or the available bands.
    """
    if not names or len(set(names)) != len(names):
        raise ValueError(f"indices must be names, each once, got {', '.join(names) or 'none'}")
    for name in names:
        missing = [band for band in find_index(name).bands if band not in bands]
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
        names: of the I channels (``find_index``).

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
    channels = [find_index(name) for name in names]
    needed = {band for channel in channels for band in channel.bands}
    physical = {band: reflectance_of(reflectance, bands, band) for band in needed}
    values = np.empty((len(names), *reflectance.shape[:-1]), dtype=np.float32)
    for position, channel in enumerate(channels):
        low, high = channel.bounds
        computed = channel.formula(*(physical[band] for band in channel.bands))
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
