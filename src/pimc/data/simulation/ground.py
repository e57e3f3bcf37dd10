"""What covers a simulated patch: parcels with their crops, and the background between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pimc.data.simulation.covers import BACKGROUND, COVERS, CROPS, VOID, Tile
from pimc.data.simulation.landscape import (
    GAP,
    Parcels,
    choose_uncovered,
    cut_parcels,
    smooth_noise,
)
from pimc.data.simulation.phenology import draw_crops

UNCOVERED_SHARES = (0.03, 0.80)
"""Share of a patch outside the parcels, least and most, as in PASTIS."""


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
