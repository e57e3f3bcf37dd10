"""Growth of simulated parcels: from drawn dates to leaf area to reflectance.

Leaf area is a sum of double logistics (Beck et al. 2006, doi 10.1016/j.rse.2005.10.021); exp is
taken in float64 on small tables of units x dates, never on pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from pimc.data.simulation.covers import COVERS, CROPS, Stage, Tile
from pimc.data.simulation.spectra import CANOPIES, SURFACES, SpectralTable, surface_reflectance

ALL_STAGES = max(len(stages) for cover in COVERS for stages in cover.variants)

BARE = Stage(next(iter(CANOPIES)), 0.0, 0.0, 0.0)
"""A stage without leaves: fills the sequences that are shorter than the longest."""


@dataclass(frozen=True)
class Growth:
    """How N units of ground grow: K stages each, in days since 1 January 2019.

    Attributes:
        canopy: N x K int, row of ``spectra.CANOPIES``.
        rise: N x K float64, days; and so ``fall``, ``rise_days``, ``fall_days``.
        peak: N x K float64, leaf area index.
        dryness: N float64, of the soil.
        brightness: N float64, factor on the reflectance.
        surface: N int, row of ``spectra.SURFACES``, -1 where plants may grow.
    """

    canopy: np.ndarray
    rise: np.ndarray
    fall: np.ndarray
    rise_days: np.ndarray
    fall_days: np.ndarray
    peak: np.ndarray
    dryness: np.ndarray
    brightness: np.ndarray
    surface: np.ndarray


@dataclass(frozen=True)
class _CoverTable:
    """``COVERS`` as arrays: variant x stage x (rise, fall, rise_days, fall_days, peak, chance)."""

    stages: np.ndarray
    canopy: np.ndarray
    first_variant: np.ndarray
    variants: np.ndarray
    spread: np.ndarray
    surface: np.ndarray


@cache
def _cover_table() -> _CoverTable:
    canopies, surfaces = list(CANOPIES), list(SURFACES)
    padded = [
        (*stages, *[BARE] * (ALL_STAGES - len(stages)))
        for cover in COVERS
        for stages in cover.variants
    ]
    counts = np.array([len(cover.variants) for cover in COVERS])
    return _CoverTable(
        stages=np.array(
            [
                [(s.rise, s.fall, s.rise_days, s.fall_days, s.peak, s.chance) for s in stages]
                for stages in padded
            ]
        ),
        canopy=np.array([[canopies.index(s.canopy) for s in stages] for stages in padded]),
        first_variant=np.cumsum(counts) - counts,
        variants=counts,
        spread=np.array([(c.shift_days, c.jitter_days, c.vigour, c.shade) for c in COVERS]),
        surface=np.array([surfaces.index(c.surface) if c.surface else -1 for c in COVERS]),
    )


def draw_crops(rng: np.random.Generator, count: int, tile: Tile) -> np.ndarray:
    """Crops of ``count`` parcels by the shares of the tile: rows of ``COVERS``."""
    shares = np.array([crop.share * tile.affinity.get(crop.label, 1.0) for crop in CROPS])
    return rng.choice(len(CROPS), size=count, p=shares / shares.sum())


def draw_growth(rng: np.random.Generator, cover: np.ndarray, tile: Tile) -> Growth:
    """Dates, vigour and soil of units of ground, each on its own.

    A unit has an earliness of its own, and each date a jitter that the end of a stage shares with
    the start of the next: ripening follows on growth, and growth on the cut before it.

    Args:
        rng: randomness.
        cover: N, rows of ``COVERS``.
        tile: its region's lateness and soil.
    """
    table = _cover_table()
    count = len(cover)
    variant = table.first_variant[cover] + rng.integers(table.variants[cover])
    rise, fall, rise_days, fall_days, peak, chance = np.moveaxis(table.stages[variant], 2, 0)
    shift_days, jitter_days, vigour, shade = table.spread[cover].T[:, :, None]
    shift = tile.lateness + shift_days * rng.standard_normal((count, 1))
    jitter = shift + jitter_days * rng.standard_normal((count, ALL_STAGES + 1))
    relative = 1.0 + vigour * np.clip(rng.standard_normal((count, 1)), -2.5, 2.5)
    present = rng.random((count, ALL_STAGES)) < chance
    return Growth(
        canopy=table.canopy[variant],
        rise=rise + jitter[:, :-1],
        fall=fall + jitter[:, 1:],
        rise_days=rise_days,
        fall_days=fall_days,
        peak=peak * relative * present,
        dryness=tile.dryness + 0.12 * rng.standard_normal(count),
        brightness=shade[:, 0] * (1.0 + 0.05 * rng.standard_normal(count)),
        surface=table.surface[cover],
    )


def leaf_area(growth: Growth, days: np.ndarray) -> np.ndarray:
    """Leaf area index of each stage: N x K x T float64, at days since 1 January 2019."""
    risen = _logistic(days, growth.rise, growth.rise_days)
    fallen = _logistic(days, growth.fall, growth.fall_days)
    # jitter may put a short stage's end before its start: then it never grows
    areas: np.ndarray = growth.peak[..., None] * np.maximum(risen - fallen, 0.0)
    return areas


def _logistic(days: np.ndarray, middle: np.ndarray, width: np.ndarray) -> np.ndarray:
    position: np.ndarray = (days - middle[..., None]) / width[..., None]
    rising: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(position, -50.0, 50.0)))
    return rising


def reflectance(
    growth: Growth,
    table: SpectralTable,
    days: np.ndarray,
    wetness: np.ndarray,
    vigour: float = 1.0,
) -> np.ndarray:
    """Reflectance of each unit at each day.

    Canopies of several stages at one time mix by their shares of the leaf area.

    Args:
        growth: N units.
        table: spectra of the bands wanted.
        days: T, days since 1 January 2019.
        wetness: T, taken off the dryness of every soil.
        vigour: factor on all leaf area.

    Returns:
        N x T x band float64, in 0..1.
    """
    stages = leaf_area(growth, days) * vigour
    total = stages.sum(axis=1)
    dryness = growth.dryness[:, None] - wetness
    weights = _canopy_weights(stages, growth.canopy, len(table.canopies))
    plants = np.zeros((*total.shape, len(table.bands)))
    for canopy, weight in enumerate(weights):
        # most canopies are absent from most units and dates
        unit, day = np.nonzero(weight)
        spectra = table.lookup(np.full(unit.shape, canopy), total[unit, day], dryness[unit, day])
        plants[unit, day] += spectra * weight[unit, day, None]
    ground = surface_reflectance(table.bands)[growth.surface][:, None]
    mixed = np.where((growth.surface < 0)[:, None, None], plants, ground)
    observed: np.ndarray = mixed * growth.brightness[:, None, None]
    return observed


def _canopy_weights(stages: np.ndarray, canopy: np.ndarray, count: int) -> np.ndarray:
    """Share of each canopy in the leaf area: canopy x N x T; the first where nothing grows."""
    total = stages.sum(axis=1)
    grown = total > 0.0
    weights = np.zeros((count, *total.shape))
    rows = np.arange(len(canopy))
    for stage in range(canopy.shape[1]):
        weights[canopy[:, stage], rows] += stages[:, stage]
    np.divide(weights, total, out=weights, where=grown)
    weights[0] = np.where(grown, weights[0], 1.0)
    return weights
