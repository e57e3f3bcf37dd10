"""A simulated PASTIS: the same layout of classes, parcels, bands and dates, without a download.

Each patch is made from the seed and its own number alone, so patch 7 of 40 is patch 7 of 400; the
tiles' acquisitions, regions and soils come from the seed and the tile. Equal options give equal
bits on every machine: transcendental functions act in float64 on small tables, pixels see only
additions, multiplications and lookups, and the result is rounded once, to int16.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from pimc.data.fingerprint import fingerprint
from pimc.data.folds import FOLDS
from pimc.data.patch import SENTINEL2_BANDS, Georeference, Patch
from pimc.data.simulation.covers import TILES, Tile
from pimc.data.simulation.ground import simulate_ground
from pimc.data.simulation.observation import observe
from pimc.data.simulation.phenology import draw_growth
from pimc.data.simulation.weather import Season, draw_season

SIMULATION_VERSION = "1"
"""Changes whenever equal options would give other bits."""

FIRST_PATCH_ID = 10_000
PIXEL_METRES = 10
TILE_SIDE = 10_980
"""Pixels a side of a Sentinel-2 tile."""

GROUND_BETWEEN = 100
"""Pixels between patches: PASTIS's folds lie at least 1 km apart."""

SMALLEST, LARGEST = 16, 512


@dataclass(frozen=True)
class SimulationOptions:
    """What to simulate.

    Attributes:
        patches: how many; their ids count from 10000.
        size: pixels a side; PASTIS has 128.
        seed: of all randomness, at least 0.
        tiles: places, the first of PASTIS's four tiles; patches alternate between them.
        season_spread: days by which all that grows on a patch may be early or late, each patch
            by its own number: growing seasons of other latitudes and climates than France's.
    """

    patches: int = 60
    size: int = 64
    seed: int = 0
    tiles: int = 4
    season_spread: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 1 <= self.tiles <= len(TILES):
            raise ValueError(f"tiles must be 1..{len(TILES)}, got {self.tiles}")
        if not SMALLEST <= self.size <= LARGEST:
            raise ValueError(f"size must be {SMALLEST}..{LARGEST} pixels, got {self.size}")
        if self.seed < 0 or self.season_spread < 0:
            raise ValueError(
                f"seed and season_spread must be at least 0, got {self.seed}, {self.season_spread}"
            )
        room = self.tiles * _patches_across(self.size) ** 2
        if not 1 <= self.patches <= room:
            raise ValueError(
                f"patches must be 1..{room}, got {self.patches}: {self.tiles} tiles have room for "
                f"no more of {self.size} x {self.size} pixels"
            )


def _patches_across(size: int) -> int:
    return TILE_SIDE // (size + GROUND_BETWEEN)


@dataclass(frozen=True)
class SimulatedPatch:
    """One patch, simulated when called.

    Attributes:
        number: 0, 1, ... within the simulation.
        size: pixels a side.
        seed: of the simulation.
        tiles: of the simulation.
        season_spread: of the simulation.
    """

    number: int
    size: int
    seed: int
    tiles: int
    season_spread: int = 0

    @property
    def patch_id(self) -> str:
        """Digits, as PASTIS has them."""
        return str(FIRST_PATCH_ID + self.number)

    @property
    def fingerprint(self) -> str:
        """Changes with the version of the simulation and with this patch's options."""
        return fingerprint(SIMULATION_VERSION, self)

    def __call__(self) -> Patch:
        """Simulate the patch."""
        tile = TILES[self.number % self.tiles]
        season = _tile_season(self.seed, self.number % self.tiles)
        seeds = np.random.SeedSequence([self.seed, self.number]).spawn(4)
        land, growing, viewing, climate = (np.random.default_rng(seed) for seed in seeds)
        ground = simulate_ground(land, self.size, tile)
        late = int(climate.integers(-self.season_spread, self.season_spread, endpoint=True))
        growth = draw_growth(growing, ground.cover, replace(tile, lateness=tile.lateness + late))
        row, col = divmod(self.number // self.tiles, _patches_across(self.size))
        origin = (row * (self.size + GROUND_BETWEEN), col * (self.size + GROUND_BETWEEN))
        # five folds and at most four tiles: every tile has patches of every fold
        fold = FOLDS[self.number % len(FOLDS)]
        return Patch(
            patch_id=self.patch_id,
            reflectance=observe(viewing, ground.unit, growth, season),
            dates=season.dates,
            bands=SENTINEL2_BANDS,
            place=tile.name,
            folds=np.full((self.size, self.size), fold, dtype=np.uint8),
            labels=ground.labels,
            # no two patches share a number, as in PASTIS
            parcels=ground.parcels + (ground.parcels > 0) * np.int32(10_000 * (self.number + 1)),
            origin=origin,
            georeference=_georeference(tile, origin),
        )


def simulate_scenes(options: SimulationOptions) -> dict[str, SimulatedPatch]:
    """The patches of a simulation by id, none made yet."""
    sources = (
        SimulatedPatch(number, options.size, options.seed, options.tiles, options.season_spread)
        for number in range(options.patches)
    )
    return {source.patch_id: source for source in sources}


@cache
def _tile_season(seed: int, tile: int) -> Season:
    # a spawn key of its own: no patch's sequence [seed, number] is a tile's
    sequence = np.random.SeedSequence(seed, spawn_key=(tile,))
    return draw_season(np.random.default_rng(sequence), TILES[tile])


def _georeference(tile: Tile, origin: tuple[int, int]) -> Georeference:
    row, col = origin
    x = float(tile.corner[0] + col * PIXEL_METRES)
    y = float(tile.corner[1] - row * PIXEL_METRES)
    return Georeference(_wkt(tile.epsg), (PIXEL_METRES, 0.0, x, 0.0, -PIXEL_METRES, y))


@cache
def _wkt(epsg: int) -> str:
    from rasterio.crs import CRS

    wkt: str = CRS.from_epsg(epsg).to_wkt()
    return wkt
