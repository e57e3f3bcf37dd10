"""Layouts of ten kinds of land, as EuroSAT's classes show them from above."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pimc.data.simulation.covers import COVERS
from pimc.data.simulation.landscape import GAP, cut_parcels, smooth_noise

ROWS = {cover.name: row for row, cover in enumerate(COVERS)}
"""Name of a cover -> its row in ``COVERS``."""

ANNUAL_CROPS = tuple(
    row for row, cover in enumerate(COVERS) if cover.label in {2, 3, 4, 5, 6, 7, 9, 10, 13, 15, 18}
)


@dataclass(frozen=True)
class Layout:
    """Units of ground and their covers.

    Attributes:
        unit: H x W int, rows of ``cover``.
        cover: N int, rows of ``COVERS``.
        rows_apart: pixels between planted rows, 0 where there are none.
    """

    unit: np.ndarray
    cover: np.ndarray
    rows_apart: float = 0.0


def _fields(
    rng: np.random.Generator, size: int, choices: tuple[int, ...], gap: str, openness: float
) -> Layout:
    """Parcels under some of the covers, with tracks or hedges between them."""
    parcels = cut_parcels(rng, size, openness)
    cover = np.append(rng.choice(choices, size=len(parcels.inside)), ROWS[gap])
    return Layout(np.where(parcels.unit == GAP, len(cover) - 1, parcels.unit), cover)


def _mosaic(rng: np.random.Generator, size: int, names: tuple[str, ...], cell: float) -> Layout:
    """Covers that pass into each other along the contours of a smooth field."""
    field = smooth_noise(rng, 1, size, cell)[0] + np.float32(rng.standard_normal())
    steps = np.linspace(-0.8, 0.8, len(names) - 1)
    return Layout(np.searchsorted(steps, field), np.array([ROWS[name] for name in names]))


def _built(
    rng: np.random.Generator, size: int, streets: int, shares: tuple[tuple[str, float], ...]
) -> Layout:
    """Plots between streets; each plot of a few pixels has one surface."""
    plot = max(1, streets // 6)
    row, col = np.indices((size, size))
    tilt = math.pi * float(rng.random())
    down = np.floor(row * math.cos(tilt) + col * math.sin(tilt)).astype(int) + 2 * size
    across = np.floor(col * math.cos(tilt) - row * math.sin(tilt)).astype(int) + 2 * size
    names, weights = zip(*shares, strict=True)
    plots = rng.choice(len(names), size=(4 * size, 4 * size), p=weights)
    unit = plots[down // plot, across // plot]
    length = int(streets * (1.0 + rng.random()))
    street = (down % streets == 0) | (across % length == 0)
    cover = np.array([ROWS[name] for name in (*names, "road")])
    return Layout(np.where(street, len(names), unit), cover)


def _with_band(rng: np.random.Generator, layout: Layout, name: str, width: float) -> Layout:
    """Lay a road or a river across: a band along a line that bends a little."""
    size = layout.unit.shape[0]
    row, col = np.indices((size, size)) - size / 2
    angle = math.pi * float(rng.random())
    bend = smooth_noise(rng, 1, size, size / 2)[0].astype(np.float64) * (0.6 * width)
    offset = (float(rng.random()) - 0.5) * size / 2
    distance = np.abs(row * math.cos(angle) + col * math.sin(angle) + bend - offset)
    unit = np.where(distance < width / 2, len(layout.cover), layout.unit)
    return Layout(unit, np.append(layout.cover, ROWS[name]), layout.rows_apart)


def _annual_crop(rng: np.random.Generator, size: int) -> Layout:
    return _fields(rng, size, ANNUAL_CROPS, "rough grass", 0.1)


def _forest(rng: np.random.Generator, size: int) -> Layout:
    return _mosaic(rng, size, ("wood", "pines"), 24.0)


def _herbaceous(rng: np.random.Generator, size: int) -> Layout:
    return _mosaic(rng, size, ("rough grass", "rough grass", "hedge", "rough grass"), 14.0)


def _highway(rng: np.random.Generator, size: int) -> Layout:
    surroundings = (_annual_crop, _pasture, _forest)
    around = surroundings[int(rng.integers(len(surroundings)))](rng, size)
    width = 2.0 + 2.5 * float(rng.random())
    roads = _with_band(rng, around, "road", width)
    return _with_band(rng, roads, "road", 1.5) if rng.random() < 0.5 else roads


def _industrial(rng: np.random.Generator, size: int) -> Layout:
    shares = (("hall", 0.1), ("roofs", 0.2), ("yard", 0.15), ("road", 0.3), ("garden", 0.25))
    return _built(rng, size, int(rng.integers(24, 37)), shares)


def _pasture(rng: np.random.Generator, size: int) -> Layout:
    return _fields(rng, size, (ROWS["Meadow"],), "hedge", 0.8)


def _permanent_crop(rng: np.random.Generator, size: int) -> Layout:
    choices = (ROWS["Grapevine"], ROWS["Grapevine"], ROWS["Orchard"], ROWS["Orchard"])
    fields = _fields(rng, size, (*choices, ROWS["rough grass"]), "road", 0.3)
    return Layout(fields.unit, fields.cover, rows_apart=2.0 + 2.0 * float(rng.random()))


def _residential(rng: np.random.Generator, size: int) -> Layout:
    green = 0.25 + 0.35 * float(rng.random())
    shares = (("roofs", 0.7 - green), ("yard", 0.12), ("garden", green), ("hedge", 0.18))
    return _built(rng, size, int(rng.integers(6, 10)), shares)


def _river(rng: np.random.Generator, size: int) -> Layout:
    banks = (_annual_crop, _pasture, _forest)
    around = banks[int(rng.integers(len(banks)))](rng, size)
    return _with_band(rng, around, "water", 6.0 + 14.0 * float(rng.random()))


def _sea_lake(rng: np.random.Generator, size: int) -> Layout:
    return _mosaic(rng, size, ("water", "water", "water"), 32.0)


LAYOUTS: dict[str, Callable[[np.random.Generator, int], Layout]] = {
    "AnnualCrop": _annual_crop,
    "Forest": _forest,
    "HerbaceousVegetation": _herbaceous,
    "Highway": _highway,
    "Industrial": _industrial,
    "Pasture": _pasture,
    "PermanentCrop": _permanent_crop,
    "Residential": _residential,
    "River": _river,
    "SeaLake": _sea_lake,
}
"""EuroSAT's classes, in their alphabetical order."""
