"""Spectral indices by name from a published catalogue of formulas, Awesome Spectral Indices.

Montero et al. 2023, doi 10.1038/s41597-023-02096-0; the package ``spyndex`` brings its formulas.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from pimc.data.simulation.spectra import BAND_WINDOWS, load_spectra, surface_reflectance
from pimc.signal.spectral_index import SpectralIndex


@cache
def catalogue_index(name: str) -> SpectralIndex | None:
    """The index of that name, with the catalogue's own constants; None where it has none.

    Raises:
        ValueError: if it needs what no band of Sentinel-2 gives.
    """
    # imported here: it loads the whole catalogue
    import spyndex

    if name not in spyndex.indices:
        return None
    entry, bands = spyndex.indices[name], _bands_of_symbols()
    constants = _constants([symbol for symbol in entry.bands if symbol not in bands])
    if unknown := [symbol for symbol, value in constants.items() if value is None]:
        raise ValueError(
            f"{name} ({entry.long_name}) is {entry.formula}, and no band of Sentinel-2 gives "
            f"{', '.join(unknown)}; leave {name} out of the indices"
        )
    symbols = tuple(symbol for symbol in entry.bands if symbol in bands)
    formula = partial(_evaluate, name, symbols, constants)
    needed = tuple(bands[symbol] for symbol in symbols)
    return SpectralIndex(needed, formula, _plausible(name, needed, formula))


def _bands_of_symbols() -> dict[str, str]:
    """The catalogue's symbols of Sentinel-2's bands: ``N`` -> ``B08``."""
    import spyndex

    names = {
        symbol: band.sentinel2a.band
        for symbol, band in spyndex.bands.items()
        if hasattr(band, "sentinel2a")
    }
    # B2 -> B02, B8A as it is
    return {s: f"B{n[1:]:0>2}" for s, n in names.items()}


def _constants(symbols: list[str]) -> dict[str, float | None]:
    """Values of constants; wavelengths (nm) are Sentinel-2's; None for what is no constant."""
    import spyndex

    def value(symbol: str) -> float | None:
        band = spyndex.bands.get(symbol.removeprefix("lambda"))
        if symbol.startswith("lambda") and band is not None:
            return float(band.sentinel2a.wavelength)
        known = spyndex.constants.get(symbol)
        return None if known is None or known.default is None else float(known.default)

    return {symbol: value(symbol) for symbol in symbols}


def _evaluate(
    name: str, symbols: tuple[str, ...], constants: Mapping[str, Any], *bands: np.ndarray
) -> np.ndarray:
    import spyndex

    with np.errstate(all="ignore"):  # what is undefined becomes inf or NaN, and NaN by its bounds
        values = spyndex.computeIndex(name, {**dict(zip(symbols, bands, strict=True)), **constants})
    return np.asarray(values, dtype=np.float32)


def _plausible(
    name: str, bands: tuple[str, ...], formula: partial[np.ndarray]
) -> tuple[float, float]:
    """What an index spans over canopies, soils and surfaces, and as much again on either side.

    A formula whose denominator nears 0 gives any number, and the catalogue does not say which
    values are still possible: the simulation's spectra of ordinary ground do. The outermost
    hundredth of them does not count, for there a denominator may be near 0 itself.
    """
    columns = tuple(band for band in BAND_WINDOWS if band in bands)
    canopies = load_spectra().select(columns).reflectance.reshape(-1, len(columns))
    ground = np.concatenate([canopies, surface_reflectance(columns)]).astype(np.float32)
    values = formula(*(ground[:, columns.index(band)] for band in bands))
    defined = values[np.isfinite(values)]
    low, high = np.percentile(defined, [1, 99]) if len(defined) > len(values) / 2 else (0, 0)
    if not high > low:
        raise ValueError(
            f"{name} is undefined or constant on ordinary canopies, soils and surfaces: leave it "
            "out of the indices"
        )
    return float(2 * low - high), float(2 * high - low)
