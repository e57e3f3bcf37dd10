"""A simulated PASTIS: the same layout of classes, parcels, bands and dates, without a download.

Each patch is made from the seed and its own number alone, so patch 7 of 40 is patch 7 of 400; the
tiles' acquisitions, regions and soils come from the seed and the tile. Equal options give equal
bits on every machine: transcendental functions act in float64 on small tables, pixels see only
additions, multiplications and lookups, and the result is rounded once, to int16.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from pimc.data.covers import BACKGROUND, COVERS, CROPS, TILES, VOID, Tile
from pimc.data.fingerprint import fingerprint
from pimc.data.landscape import (
    GAP,
    Parcels,
    choose_uncovered,
    cut_parcels,
    smooth_noise,
)
from pimc.data.patch import REFLECTANCE_SCALE, SENTINEL2_BANDS, Georeference, Patch
from pimc.data.phenology import Growth, draw_crops, draw_growth, reflectance
from pimc.data.spectra import load_spectra
from pimc.data.weather import (
    CLOUD_SPECTRUM,
    HAZE_SPECTRUM,
    SHADOW_DEPTH,
    Season,
    Sky,
    draw_season,
    draw_skies,
)

SIMULATION_VERSION = "1"
"""Changes whenever equal options would give other bits."""

FIRST_PATCH_ID = 10_000
PIXEL_METRES = 10
TILE_SIDE = 10_980
"""Pixels a side of a Sentinel-2 tile."""

GROUND_BETWEEN = 100
"""Pixels between patches: PASTIS's folds lie at least 1 km apart."""

FOLDS = 5
SMALLEST, LARGEST = 16, 512
UNCOVERED_SHARES = (0.03, 0.80)
"""Share of a patch outside the parcels, least and most, as in PASTIS."""


@dataclass(frozen=True)
class SimulationOptions:
    """What to simulate.

    Attributes:
        patches: how many; their ids count from 10000.
        size: pixels a side; PASTIS has 128.
        seed: of all randomness, at least 0.
        tiles: places, the first of PASTIS's four tiles; patches alternate between them.
    """

    patches: int = 60
    size: int = 64
    seed: int = 0
    tiles: int = 4

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 1 <= self.tiles <= len(TILES):
            raise ValueError(f"tiles must be 1..{len(TILES)}, got {self.tiles}")
        if not SMALLEST <= self.size <= LARGEST:
            raise ValueError(f"size must be {SMALLEST}..{LARGEST} pixels, got {self.size}")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")
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
    """

    number: int
    size: int
    seed: int
    tiles: int

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
        seeds = np.random.SeedSequence([self.seed, self.number]).spawn(3)
        land, growing, viewing = (np.random.default_rng(seed) for seed in seeds)
        ground = simulate_ground(land, self.size, tile)
        growth = draw_growth(growing, ground.cover, tile)
        row, col = divmod(self.number // self.tiles, _patches_across(self.size))
        origin = (row * (self.size + GROUND_BETWEEN), col * (self.size + GROUND_BETWEEN))
        # five folds and at most four tiles: every tile has patches of every fold
        fold = 1 + self.number % FOLDS
        return Patch(
            patch_id=self.patch_id,
            reflectance=observe(viewing, ground.unit, growth, season),
            dates=season.dates,
            bands=SENTINEL2_BANDS,
            place=tile.name,
            folds=np.full((self.size, self.size), fold, dtype=np.uint8),
            labels=ground.labels,
            parcels=np.where(ground.parcels > 0, ground.parcels + 10_000 * (self.number + 1), 0)
            .astype(np.int32),
            origin=origin,
            georeference=_georeference(tile, origin),
        )  # fmt: skip


def simulate_scenes(options: SimulationOptions) -> dict[str, SimulatedPatch]:
    """The patches of a simulation by id, none made yet."""
    sources = (
        SimulatedPatch(number, options.size, options.seed, options.tiles)
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


@dataclass(frozen=True)
class Ground:
    """What covers a patch.

    Attributes:
        unit: H x W int32, row of ``cover``: parcels first, then one unit a kind of background.
        cover: N int, row of ``covers.COVERS``.
        labels: H x W uint8, PASTIS class.
        parcels: H x W int32, 1, 2, ... within the patch, 0 outside parcels.
    """

    unit: np.ndarray
    cover: np.ndarray
    labels: np.ndarray
    parcels: np.ndarray


def simulate_ground(rng: np.random.Generator, size: int, tile: Tile) -> Ground:
    """Parcels with their crops, and woods, villages, roads and hedges around them."""
    low, high = UNCOVERED_SHARES
    draw = float(rng.random())
    share = low + (high - low) * draw * (0.5 + 0.5 * draw)
    parcels = cut_parcels(rng, size, share)
    uncovered = choose_uncovered(rng, parcels, share)
    crop = draw_crops(rng, int((~uncovered).sum()), tile)
    background = _background(rng, parcels, uncovered)
    number = np.append(np.cumsum(~uncovered), 0)[parcels.unit]
    covered = ~np.append(uncovered, True)[parcels.unit]
    label = np.array([CROPS[kind].label for kind in crop])
    # PASTIS leaves parcels void that lie mostly outside the patch
    cut_off = parcels.inside[~uncovered] < 0.5 * parcels.whole[~uncovered]
    label = np.append(0, np.where(cut_off, VOID, label))
    return Ground(
        unit=np.where(covered, number - 1, len(crop) + background).astype(np.int32),
        cover=np.append(crop, np.arange(len(CROPS), len(COVERS))),
        labels=np.where(covered, label[number], 0).astype(np.uint8),
        parcels=np.where(covered, number, 0).astype(np.int32),
    )


def _background(rng: np.random.Generator, parcels: Parcels, uncovered: np.ndarray) -> np.ndarray:
    """Row of ``BACKGROUND`` for every pixel, used where no parcel is: H x W int."""
    names = [cover.name for cover in BACKGROUND]
    # each patch has its own mixture
    weights = np.array([cover.share for cover in BACKGROUND]) * rng.random(len(BACKGROUND)) ** 2
    drawn = rng.choice(len(names), size=len(uncovered), p=weights / weights.sum())
    kind = np.append(drawn, GAP)[parcels.unit]
    size = parcels.unit.shape[0]
    hedged = smooth_noise(rng, 1, size, 20.0)[0]
    track = np.where(hedged > -0.4, names.index("rough grass"), names.index("road"))
    kind = np.where(kind == GAP, np.where(hedged > 0.3, names.index("hedge"), track), kind)
    built = rng.random((size, size))
    village = np.select(
        [built < 0.30, built < 0.42, built < 0.50],
        [names.index("roofs"), names.index("road"), names.index("yard")],
        names.index("garden"),
    )
    return np.where(kind == names.index("garden"), village, kind)


@dataclass(frozen=True)
class _View:
    """Reflectance of units and how texture changes it: date x band x unit float32."""

    base: np.ndarray
    by_vigour: np.ndarray
    by_date: np.ndarray
    by_soil: np.ndarray


def observe(
    rng: np.random.Generator, unit: np.ndarray, growth: Growth, season: Season
) -> np.ndarray:
    """The images of a patch, as the satellite's product would have them.

    Units of ground carry a texture of vigour, earliness and soil; the point spread function mixes
    neighbours; then come shadow, cloud, haze, illumination and noise.

    Args:
        rng: randomness.
        unit: H x W, rows of ``growth``.
        growth: of the units.
        season: acquisitions.

    Returns:
        T x 10 x H x W int16, reflectance x 10,000.
    """
    size = unit.shape[0]
    view = _view(growth, season)
    vigour, earliness, soil = _textures(rng, size)
    images = np.empty((len(season.dates), len(SENTINEL2_BANDS), size, size), dtype=np.int16)
    for date, sky in enumerate(draw_skies(rng, season, size)):
        image = view.base[date][:, unit]
        image += view.by_vigour[date][:, unit] * vigour
        image += view.by_date[date][:, unit] * earliness
        image += view.by_soil[date][:, unit] * soil
        image = _through_air(rng, _blur(image), sky, season, date)
        images[date] = np.rint(np.clip(image * np.float32(REFLECTANCE_SCALE), -2000, 20_000))
    return images


def _view(growth: Growth, season: Season) -> _View:
    table = load_spectra().select(SENTINEL2_BANDS)
    base = reflectance(growth, table, season.days, season.wetness)
    changed = (
        reflectance(growth, table, season.days, season.wetness, vigour=1.15),
        reflectance(growth, table, season.days + 3.0, season.wetness),
        reflectance(growth, table, season.days, season.wetness - 0.1),
    )
    # roofs and roads have no vigour: their texture is a change of brightness
    sealed = (growth.surface >= 0)[:, None, None]
    by_vigour = np.where(sealed, 0.12 * base, changed[0] - base)
    slopes = (base, by_vigour, changed[1] - base, changed[2] - base)
    return _View(*(slope.transpose(1, 2, 0).astype(np.float32) for slope in slopes))


def _textures(rng: np.random.Generator, size: int) -> np.ndarray:
    """Vigour, earliness and soil: 3 x H x W float32, of about unit variance."""
    broad = smooth_noise(rng, 3, size, 16.0)
    fine = smooth_noise(rng, 3, size, 5.0)
    grain = rng.standard_normal((3, size, size), dtype=np.float32)
    return broad * np.float32(0.9) + fine * np.float32(0.6) + grain * np.float32(0.5)


def _blur(image: np.ndarray) -> np.ndarray:
    """Mix each pixel with its four neighbours: about the instrument's point spread function."""
    mixed = image * np.float32(0.6)
    side = image * np.float32(0.1)
    for axis in (1, 2):
        first, last = (slice(None),) * axis + (slice(1),), (slice(None),) * axis + (slice(-1, None),)
        before, after = (slice(None),) * axis + (slice(-1),), (slice(None),) * axis + (slice(1, None),)
        mixed[after] += side[before]
        mixed[before] += side[after]
        mixed[first] += side[first]
        mixed[last] += side[last]
    return mixed


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
