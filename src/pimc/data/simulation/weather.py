"""Acquisition dates, soil moisture, haze and clouds of a simulated tile and its patches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pimc.data.simulation.covers import Tile
from pimc.data.simulation.landscape import smooth_noise

SEASON_START = np.datetime64("2018-09-01")
SEASON_DAYS = 430
"""A PASTIS season: September 2018 to the first days of November 2019."""

REPEAT_DAYS = 5
"""Sentinel-2A and -2B together pass every five days."""

FEWEST_DATES, MOST_DATES = 38, 61
"""Acquisitions kept of a tile, as in PASTIS."""

NEW_YEAR = np.datetime64("2019-01-01")

SHADOW_REACH = 24
"""Pixels that a shadow lies from its cloud at most: 240 m, low fair-weather clouds."""

# chosen by hand so that means and deviations come near PASTIS's NORM_S2_patch.json;
# by band B02 B03 B04 B05 B06 B07 B08 B8A B11 B12: aerosol scatters most in the blue, water and ice
# absorb in the short-wave infrared, and the blue sky lights shadows
HAZE_SPECTRUM = (0.38, 0.33, 0.29, 0.27, 0.25, 0.24, 0.23, 0.22, 0.12, 0.08)
CLOUD_SPECTRUM = (1.0, 0.96, 0.95, 0.97, 0.98, 0.98, 0.98, 0.97, 0.72, 0.60)
SHADOW_DEPTH = (0.50, 0.58, 0.64, 0.67, 0.71, 0.72, 0.73, 0.73, 0.78, 0.80)


@dataclass(frozen=True)
class Season:
    """The acquisitions of one tile.

    Attributes:
        dates: T, datetime64[D], increasing.
        wetness: T float64, taken off the dryness of soils.
        cloud: T float64, share of the tile under cloud.
        haze: T float64, weight of the haze spectrum; below 0 where the atmospheric correction
            took too much.
        gain: T float64, factor of illumination and calibration.
    """

    dates: np.ndarray
    wetness: np.ndarray
    cloud: np.ndarray
    haze: np.ndarray
    gain: np.ndarray

    @property
    def days(self) -> np.ndarray:
        """T float64, days since 1 January 2019."""
        return (self.dates - NEW_YEAR).astype(np.float64)


@dataclass(frozen=True)
class Sky:
    """What lies between one acquisition and the ground.

    Attributes:
        opacity: H x W float32, 0 clear .. 1 opaque.
        shadow: H x W float32, opacity of the cloud that shades the pixel.
        brightness: reflectance of the cloud's top in the blue.
    """

    opacity: np.ndarray
    shadow: np.ndarray
    brightness: np.float32


def draw_season(rng: np.random.Generator, tile: Tile) -> Season:
    """Acquisitions of a tile: 38 to 61 of the passes of a season, fewer of them in winter."""
    passes = np.arange(int(rng.integers(REPEAT_DAYS)), SEASON_DAYS, REPEAT_DAYS)
    dates = SEASON_START + passes
    winter = (dates > np.datetime64("2018-11-20")) & (dates < np.datetime64("2019-02-15"))
    lucky = rng.random(len(passes)) * np.where(winter, 0.6, 1.0)
    count = int(rng.integers(FEWEST_DATES, MOST_DATES + 1))
    dates = dates[np.sort(np.argsort(-lucky, kind="stable")[:count])]
    month = dates.astype("datetime64[M]").astype(int) % 12
    moist_months = np.isin(month, (10, 11, 0, 1, 2))
    clouded = rng.random(count) < tile.cloudiness
    return Season(
        dates=dates,
        wetness=0.15 * moist_months + 0.10 * rng.standard_normal(count),
        cloud=np.where(clouded, 0.15 + 0.85 * rng.random(count), 0.0),
        haze=0.006 + 0.022 * rng.standard_normal(count),
        gain=1.0 + 0.025 * rng.standard_normal(count),
    )


def draw_skies(rng: np.random.Generator, season: Season, size: int) -> Iterator[Sky | None]:
    """The sky over one patch at each acquisition; None where it is clear.

    Clouds are kilometres wide, patches little more than one: at a date of broken clouds some
    patches of the tile are clear, some are overcast, and some see an edge and its shadow.
    """
    for cloud in season.cloud:
        share = 1.7 * cloud - 0.35 + 0.7 * (float(rng.random()) - 0.5)
        yield None if cloud == 0.0 or share <= 0.0 else _draw_sky(rng, share, size)


def _draw_sky(rng: np.random.Generator, share: float, size: int) -> Sky:
    side = size + SHADOW_REACH
    field = smooth_noise(rng, 1, side, 44.0)[0]
    for weight, cell in ((0.5, 15.0), (0.22, 6.0), (0.1, 2.5)):
        field += np.float32(weight) * smooth_noise(rng, 1, side, cell)[0]
    rank = int((1.0 - min(share, 1.0)) * (field.size - 1))
    edge = np.partition(field, rank, axis=None)[rank]
    if share > 1.0:
        edge -= np.float32(3.0 * (share - 1.0))
    thickest = np.float32(1.0 if rng.random() < 0.75 else 0.25 + 0.5 * rng.random())
    opacity = np.clip((field - edge) * np.float32(1.1), 0.0, thickest)
    # the sun stands in the south-east at the time of overpass: shadows fall to the north-west
    down, right = rng.integers(4, SHADOW_REACH + 1, size=2)
    return Sky(
        opacity=opacity[:size, :size],
        shadow=opacity[down : down + size, right : right + size],
        brightness=np.float32(0.42 + 0.60 * rng.random()),
    )
