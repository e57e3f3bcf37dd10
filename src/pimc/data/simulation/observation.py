"""From ground to images: texture, point spread, shadow, cloud, haze, illumination and noise.

Pixels see only additions, multiplications and lookups, so that every machine gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pimc.data.patch import REFLECTANCE_SCALE, SENTINEL2_BANDS
from pimc.data.simulation.landscape import smooth_noise
from pimc.data.simulation.phenology import Growth, reflectance
from pimc.data.simulation.spectra import SpectralTable, load_spectra
from pimc.data.simulation.weather import (
    CLOUD_SPECTRUM,
    HAZE_SPECTRUM,
    SHADOW_DEPTH,
    Season,
    Sky,
    draw_skies,
)

DARKEST = np.float32(0.004)
"""Reflectance of the darkest ground."""


@dataclass(frozen=True)
class View:
    """Reflectance of N units of ground and how texture changes it, date x band x N float32.

    Attributes:
        base: of the unit as a whole.
        by_vigour: what 15 % more leaf area adds.
        by_date: what three days more of growth add.
        by_soil: what drier soil adds.
    """

    base: np.ndarray
    by_vigour: np.ndarray
    by_date: np.ndarray
    by_soil: np.ndarray


def view_units(growth: Growth, table: SpectralTable, days: np.ndarray, wetness: np.ndarray) -> View:
    """Reflectance of units in the bands of ``table`` (see ``phenology.reflectance``)."""
    base = reflectance(growth, table, days, wetness)
    vigorous = reflectance(growth, table, days, wetness, vigour=1.15)
    # roofs and roads have no vigour: their texture is a change of brightness
    sealed = (growth.surface >= 0)[:, None, None]
    slopes = (
        base,
        np.where(sealed, 0.12 * base, vigorous - base),
        reflectance(growth, table, days + 3.0, wetness) - base,
        reflectance(growth, table, days, wetness - 0.1) - base,
    )
    return View(*(slope.transpose(1, 2, 0).astype(np.float32) for slope in slopes))


def draw_textures(rng: np.random.Generator, size: int) -> np.ndarray:
    """Vigour, earliness and soil: 3 x H x W float32, of about unit variance."""
    broad = smooth_noise(rng, 3, size, 16.0)
    fine = smooth_noise(rng, 3, size, 5.0)
    grain = rng.standard_normal((3, size, size), dtype=np.float32)
    texture = broad * np.float32(0.9) + fine * np.float32(0.6) + grain * np.float32(0.5)
    return np.clip(texture, -2.5, 2.5)


def paint(view: View, date: int, unit: np.ndarray, textures: np.ndarray) -> np.ndarray:
    """Reflectance of the ground at one date as an instrument resolves it: band x H x W float32."""
    vigour, earliness, soil = textures
    image = view.base[date][:, unit]
    image += view.by_vigour[date][:, unit] * vigour
    image += view.by_date[date][:, unit] * earliness
    image += view.by_soil[date][:, unit] * soil
    # texture is linear in the unit's change: where that is steep it must not pass black
    return blur(np.maximum(image, DARKEST))


def blur(image: np.ndarray) -> np.ndarray:
    """Mix each pixel with its four neighbours: about the instrument's point spread function."""
    wide = np.pad(image, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = wide[:, :-2, 1:-1] + wide[:, 2:, 1:-1]
    cols = wide[:, 1:-1, :-2] + wide[:, 1:-1, 2:]
    mixed: np.ndarray = image * np.float32(0.6) + (rows + cols) * np.float32(0.1)
    return mixed


def observe(
    rng: np.random.Generator, unit: np.ndarray, growth: Growth, season: Season
) -> np.ndarray:
    """The images of a patch, as the satellite's product would have them.

    Units of ground carry a texture of vigour, earliness and soil; the point spread function mixes
    neighbours; then come illumination, shadow, haze, cloud and noise.

    Args:
        rng: randomness.
        unit: H x W, rows of ``growth``.
        growth: of the units.
        season: acquisitions.

    Returns:
        T x 10 x H x W int16, reflectance x 10,000.
    """
    size = unit.shape[0]
    table = load_spectra().select(SENTINEL2_BANDS)
    view = view_units(growth, table, season.days, season.wetness)
    textures = draw_textures(rng, size)
    images = np.empty((len(season.dates), len(SENTINEL2_BANDS), size, size), dtype=np.int16)
    for date, sky in enumerate(draw_skies(rng, season, size)):
        image = _through_air(rng, paint(view, date, unit, textures), sky, season, date)
        images[date] = np.rint(np.clip(image * np.float32(REFLECTANCE_SCALE), -2000, 20_000))
    return images


def _through_air(
    rng: np.random.Generator, image: np.ndarray, sky: Sky | None, season: Season, date: int
) -> np.ndarray:
    """Illumination, shadow, haze, cloud and noise over one image, C x H x W float32."""
    haze, cloud, depth = (
        np.array(spectrum, dtype=np.float32)[:, None, None]
        for spectrum in (HAZE_SPECTRUM, CLOUD_SPECTRUM, SHADOW_DEPTH)
    )
    weight = np.float32(season.haze[date] + 0.006 * rng.standard_normal())
    image *= np.float32(season.gain[date])
    if sky is not None:
        image *= 1 - depth * sky.shadow
    image += (haze - image) * weight
    if sky is not None:
        image += (cloud * sky.brightness - image) * sky.opacity
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    image += noise * (np.abs(image) * np.float32(0.012) + np.float32(0.0025))
    return image
