"""Reflectance of canopies, soils and other surfaces in the bands of Sentinel-2.

The canopy spectra are made once by PROSAIL (leaf model PROSPECT-D, Feret et al. 2017, doi
10.1016/j.rse.2017.03.004; canopy model 4SAIL, Verhoef et al. 2007, doi 10.1109/TGRS.2007.895844)
and shipped as ``spectra.json``, so that nothing calls PROSAIL at run time and every machine reads
the same numbers. To make the file again (needs ``prosail``, of the dev extra):

    python -m pimc.data.simulation.spectra
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

logger = logging.getLogger(__name__)

SPECTRA_PATH = Path(__file__).with_name("spectra.json")

BAND_WINDOWS = {
    "B01": (442.7, 20),
    "B02": (492.7, 65),
    "B03": (559.8, 35),
    "B04": (664.6, 30),
    "B05": (704.1, 14),
    "B06": (740.5, 14),
    "B07": (782.8, 19),
    "B08": (832.8, 105),
    "B8A": (864.7, 21),
    "B09": (945.1, 19),
    "B11": (1613.7, 90),
    "B12": (2202.4, 174),
}
"""Centre and width in nm of Sentinel-2A's bands (ESA, Sentinel-2 MSI spectral responses); B10
sees no ground."""

LEAF_AREA_GRID = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Leaf area index (m2 / m2) of the table's rows; linear in between."""

CANOPIES: dict[str, dict[str, float]] = {
    # n: leaf layers; cab, car: chlorophyll, carotenoids (ug/cm2); cw, cm: water, dry matter
    # (g/cm2); cbrown: brown pigment; lidfa: mean leaf angle (degrees); hspot: hot spot
    "cereal": dict(n=1.5, cab=48, car=9, cbrown=0.0, cw=0.014, cm=0.005, lidfa=57, hspot=0.05),
    "maize": dict(n=1.5, cab=55, car=10, cbrown=0.0, cw=0.016, cm=0.005, lidfa=52, hspot=0.10),
    "broadleaf": dict(n=1.6, cab=40, car=8, cbrown=0.0, cw=0.016, cm=0.004, lidfa=38, hspot=0.02),
    "grass": dict(n=1.5, cab=38, car=8, cbrown=0.05, cw=0.010, cm=0.005, lidfa=62, hspot=0.05),
    "blossom": dict(n=1.5, cab=14, car=12, cbrown=0.0, cw=0.014, cm=0.005, lidfa=40, hspot=0.05),
    "ripe": dict(n=1.9, cab=1, car=2, cbrown=0.7, cw=0.002, cm=0.006, lidfa=57, hspot=0.05),
    "tree": dict(n=1.6, cab=50, car=10, cbrown=0.1, cw=0.015, cm=0.009, lidfa=45, hspot=0.10),
    "needle": dict(n=1.4, cab=52, car=10, cbrown=0.3, cw=0.025, cm=0.016, lidfa=60, hspot=0.15),
}

VIEW = dict(tts=40.0, tto=4.0, psi=90.0)
"""Sun zenith, view zenith and relative azimuth in degrees: the season's mean over France."""

SURFACES: dict[str, tuple[float, ...]] = {
    # round figures chosen by hand, not measurements
    "asphalt": (0.09, 0.10, 0.11, 0.13, 0.13, 0.14, 0.14, 0.15, 0.15, 0.16, 0.18, 0.17),
    "concrete": (0.16, 0.18, 0.21, 0.24, 0.25, 0.26, 0.27, 0.28, 0.28, 0.29, 0.31, 0.29),
    "tile": (0.07, 0.08, 0.11, 0.17, 0.19, 0.20, 0.22, 0.23, 0.23, 0.24, 0.28, 0.26),
    "metal": (0.40, 0.42, 0.43, 0.43, 0.43, 0.43, 0.44, 0.44, 0.44, 0.44, 0.46, 0.43),
    "water": (0.055, 0.05, 0.055, 0.035, 0.03, 0.018, 0.016, 0.013, 0.011, 0.01, 0.006, 0.004),
}
"""Reflectance of surfaces without plants, one value a band of ``BAND_WINDOWS``."""

SOILS = ("moist", "dry")


@dataclass(frozen=True)
class SpectralTable:
    """Canopy reflectance by canopy, soil, leaf area and band.

    Attributes:
        canopies: names of the first axis.
        bands: names of the last axis.
        leaf_area: L, increasing, m2 / m2.
        reflectance: canopy x soil (moist, dry) x L x band, float64 in 0..1.
    """

    canopies: tuple[str, ...]
    bands: tuple[str, ...]
    leaf_area: np.ndarray
    reflectance: np.ndarray

    def __post_init__(self) -> None:
        """Check that the axes fit the values."""
        expected = (len(self.canopies), len(SOILS), len(self.leaf_area), len(self.bands))
        if self.reflectance.shape != expected:
            raise ValueError(
                f"spectra must be canopy x soil x leaf area x band = {expected}, "
                f"got {self.reflectance.shape}; make them again: python -m {__name__}"
            )

    def select(self, bands: tuple[str, ...]) -> SpectralTable:
        """The same table with these bands, in this order."""
        missing = [band for band in bands if band not in self.bands]
        if missing:
            raise ValueError(f"no spectra of {', '.join(missing)}; there are {self.bands}")
        columns = [self.bands.index(band) for band in bands]
        return SpectralTable(self.canopies, bands, self.leaf_area, self.reflectance[..., columns])

    def lookup(self, canopy: np.ndarray, leaf_area: np.ndarray, dryness: np.ndarray) -> np.ndarray:
        """Reflectance of canopies, linear in leaf area and in the dryness of the soil.

        Args:
            canopy: rows of the table, int, any shape.
            leaf_area: m2 / m2, same shape; beyond the table's end its last row counts.
            dryness: of the soil, 0 moist .. 1 dry, same shape.

        Returns:
            Reflectance in 0..1, the shape given x band, float64.
        """
        last = len(self.leaf_area) - 2
        row = np.clip(np.searchsorted(self.leaf_area, leaf_area, side="right") - 1, 0, last)
        low, high = self.leaf_area[row], self.leaf_area[row + 1]
        along = np.clip((leaf_area - low) / (high - low), 0.0, 1.0)[..., None]
        soil = np.clip(dryness, 0.0, 1.0)[..., None]
        moist = self._between(canopy, 0, row, along)
        spectra: np.ndarray = moist + (self._between(canopy, 1, row, along) - moist) * soil
        return spectra

    def _between(
        self, canopy: np.ndarray, soil: int, row: np.ndarray, along: np.ndarray
    ) -> np.ndarray:
        low = self.reflectance[canopy, soil, row]
        spectra: np.ndarray = low + (self.reflectance[canopy, soil, row + 1] - low) * along
        return spectra


def surface_reflectance(bands: tuple[str, ...]) -> np.ndarray:
    """Reflectance of ``SURFACES`` in their order: surface x band, float64 in 0..1."""
    columns = [list(BAND_WINDOWS).index(band) for band in bands]
    return np.array(list(SURFACES.values()))[:, columns]


@cache
def load_spectra(path: Path = SPECTRA_PATH) -> SpectralTable:
    """The shipped table of canopy spectra, all bands."""
    content = json.loads(path.read_text())
    return SpectralTable(
        canopies=tuple(content["canopies"]),
        bands=tuple(content["bands"]),
        leaf_area=np.array(content["leaf_area"]),
        reflectance=np.array(content["reflectance"]),
    )


def make_spectra() -> SpectralTable:
    """Run PROSAIL for every canopy, soil and leaf area; rounded to six decimals."""
    from prosail import run_prosail

    spectra = [
        [
            [
                run_prosail(
                    **leaf, **VIEW, lai=area, prospect_version="D", rsoil=1.0, psoil=float(dry)
                )
                for area in LEAF_AREA_GRID
            ]
            for dry in range(len(SOILS))
        ]
        for leaf in CANOPIES.values()
    ]
    return SpectralTable(
        canopies=tuple(CANOPIES),
        bands=tuple(BAND_WINDOWS),
        leaf_area=np.array(LEAF_AREA_GRID),
        reflectance=np.round(band_means(np.array(spectra)), 6),
    )


def band_means(spectra: np.ndarray) -> np.ndarray:
    """Mean over each band's window of spectra sampled every nm from 400 (... x 2101)."""
    wavelengths = np.arange(400, 2501)
    means = [
        spectra[..., np.abs(wavelengths - centre) <= width / 2].mean(axis=-1)
        for centre, width in BAND_WINDOWS.values()
    ]
    return np.stack(means, axis=-1)


def save_spectra(table: SpectralTable, path: Path = SPECTRA_PATH) -> None:
    """Write the table as JSON, one row of leaf area a line."""
    content = {
        "canopies": table.canopies,
        "bands": table.bands,
        "leaf_area": table.leaf_area.tolist(),
        "reflectance": table.reflectance.tolist(),
    }
    text = json.dumps(content).replace("], [", "],\n[")
    path.write_text(text + "\n")
    logger.info("%s: %d canopies", path, len(table.canopies))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    save_spectra(make_spectra())
