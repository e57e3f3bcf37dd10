"""What grows where in the simulation: PASTIS's classes, the background, and its four tiles.

Days count from 1 January 2019. Sowing, ripening, harvests and cuts are plausible dates of central
France, chosen by hand and fitted to no data; a region shifts them all, and each parcel draws its
own (``phenology.draw_growth``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VOID = 19
"""PASTIS's class of parcels that lie mostly outside their patch: ignored in loss and metrics."""

LONG_AGO, LATER = -400.0, 700.0
"""Days well before and after the season: what stands through its start or its end."""


@dataclass(frozen=True)
class Stage:
    """One rise and fall of leaf area, a double logistic.

    Attributes:
        canopy: of ``spectra.CANOPIES``.
        rise: day at which half of the leaf area has grown.
        fall: day at which half of it is gone.
        peak: leaf area index, m2 / m2.
        rise_days: time constant of the rise, days.
        fall_days: time constant of the fall, days; harvests and cuts are short.
        chance: share of the parcels that have this stage.
    """

    canopy: str
    rise: float
    fall: float
    peak: float
    rise_days: float = 9.0
    fall_days: float = 7.0
    chance: float = 1.0


@dataclass(frozen=True)
class Cover:
    """A crop, or a piece of background.

    Attributes:
        name: PASTIS's name of the class, or of the background.
        label: PASTIS class, 0 for background.
        share: relative share of the parcels: round figures in PASTIS's order of magnitude
            (meadows, maize, wheat and vines lead), not its counts; the rarest classes are raised
            so that a small sample has some.
        variants: ways of growing it, each a sequence of stages; a parcel draws one.
        shift_days: standard deviation of a parcel's earliness, all of its stages together.
        jitter_days: standard deviation of each of its dates on its own.
        vigour: standard deviation of a parcel's relative leaf area.
        shade: share of the light that reaches the canopy between crowns and rows.
        surface: of ``spectra.SURFACES``, where nothing grows.
    """

    name: str
    label: int
    share: float
    variants: tuple[tuple[Stage, ...], ...] = ((),)
    shift_days: float = 6.0
    jitter_days: float = 4.0
    vigour: float = 0.13
    shade: float = 1.0
    surface: str | None = None


def _winter_cereal(rise: float, ripe: float, harvest: float, peak: float) -> tuple[Stage, ...]:
    return (
        Stage("maize", LONG_AGO, -92, 2.5, chance=0.35),
        Stage("cereal", -42, ripe, 0.7, 12),
        Stage("cereal", rise, ripe, peak, 10, 7),
        Stage("ripe", ripe, harvest, 0.6 * peak, 7, 2),
        Stage("ripe", harvest, harvest + 50, 0.5, 2, 10),
        Stage("grass", harvest + 35, harvest + 90, 1.3, 8, 8, chance=0.5),
    )


def _spring_cereal(rise: float, ripe: float, harvest: float, peak: float) -> tuple[Stage, ...]:
    return (
        Stage("broadleaf", -112, -30, 1.8, chance=0.5),
        Stage("cereal", rise, ripe, peak, 8, 6),
        Stage("ripe", ripe, harvest, 0.6 * peak, 6, 2),
        Stage("ripe", harvest, harvest + 50, 0.5, 2, 10),
        Stage("broadleaf", harvest + 40, harvest + 120, 1.5, 8, 8, chance=0.4),
    )


def _summer_crop(
    canopy: str, rise: float, ripe: float, harvest: float, peak: float, pace: float = 7.0
) -> tuple[Stage, ...]:
    return (
        Stage("maize", LONG_AGO, -90, 2.0, chance=0.3),
        Stage("broadleaf", -108, 55, 1.2, chance=0.35),
        Stage(canopy, rise, ripe, peak, pace, 7),
        Stage("ripe", ripe, harvest, 0.5 * peak, 7, 2),
        Stage("cereal", harvest + 30, LATER, 0.5, 8, chance=0.4),
    )


def _mown(canopy: str, spring: float, cuts: tuple[float, ...], peak: float) -> tuple[Stage, ...]:
    """Leaf area that falls at each cut and grows again, over a stubble that stays."""
    starts = (spring, *(cut + 20 for cut in cuts))
    ends = (*cuts, 330.0)
    regrowth = tuple(
        Stage(canopy, start, end, peak * (1.0 if number == 0 else 0.75), 10, 2)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    )
    return (
        Stage(canopy, LONG_AGO, LATER, 0.45),
        Stage(canopy, LONG_AGO, cuts[0], 0.7, 9, 2),
        *regrowth,
    )


def _woody(canopy: str, rise: float, fall: float, peak: float, grass: float) -> tuple[Stage, ...]:
    """Leaves above, and grass below that dries in summer."""
    return (
        Stage(canopy, LONG_AGO, fall - 365, peak, 12, 10),
        Stage("grass", -90, 160, grass, 20, 20, chance=0.7),
        Stage(canopy, rise, fall, peak, 12, 10),
        Stage("grass", 270, LATER, 0.6 * grass, 15, chance=0.7),
        Stage("ripe", LONG_AGO, LATER, 0.3),
    )


_RAPESEED = (
    Stage("ripe", LONG_AGO, -120, 0.5),
    Stage("broadleaf", -95, 150, 1.4, 10),
    Stage("broadleaf", 68, 152, 3.4, 9, 8),
    Stage("blossom", 97, 122, 5.0, 4, 5),
    Stage("ripe", 160, 192, 2.5, 8, 2),
    Stage("broadleaf", 222, 300, 1.0, 8, 12, chance=0.7),
)
_MIXED_CEREAL = (
    Stage("cereal", -35, 186, 1.0, 12),
    Stage("cereal", 98, 186, 2.0, 10, 8),
    # with peas or vetch, which stay green longer and grow again after the harvest
    Stage("broadleaf", 106, 192, 2.0, 9, 8),
    Stage("ripe", 188, 216, 2.0, 8, 2),
    Stage("broadleaf", 236, 300, 1.2, 10, 10, chance=0.8),
)
_VEGETABLES = (
    (
        Stage("broadleaf", LONG_AGO, -85, 2.0, chance=0.5),
        Stage("broadleaf", 95, 150, 2.8, 7, 3),
        Stage("broadleaf", 185, 245, 2.8, 7, 3),
    ),
    (Stage("broadleaf", -110, -20, 2.2, 8, 4), Stage("broadleaf", 175, 290, 3.0, 9, 4)),
    (Stage("broadleaf", 120, 195, 3.0, 8, 3), Stage("broadleaf", 235, 310, 2.0, 7, 5)),
)
_MEADOWS = (
    _mown("grass", 78, (142,), 3.4),
    _mown("grass", 76, (138, 196), 3.4),
    _mown("grass", 74, (130, 178, 238), 3.2),
    # grazed: no cut, a dry summer
    (
        Stage("grass", LONG_AGO, LATER, 1.2),
        Stage("grass", 82, 185, 1.8, 16, 18),
        Stage("grass", 255, 330, 0.9, 12, 12),
    ),
)

CROPS: tuple[Cover, ...] = (
    Cover("Meadow", 1, 26, _MEADOWS, 7, 8, 0.2),
    Cover("Soft winter wheat", 2, 12, (_winter_cereal(88, 172, 202, 5.0),)),
    Cover("Corn", 3, 14, (_summer_crop("maize", 165, 252, 275, 4.6),), 7),
    Cover("Winter barley", 4, 5, (_winter_cereal(76, 152, 180, 4.6),)),
    Cover("Winter rapeseed", 5, 4.5, (_RAPESEED,)),
    Cover("Spring barley", 6, 2.5, (_spring_cereal(112, 168, 196, 4.0),)),
    Cover("Sunflower", 7, 3.5, (_summer_crop("broadleaf", 160, 218, 250, 3.0),)),
    Cover("Grapevine", 8, 9, (_woody("tree", 140, 290, 1.1, 0.5),), 7, 6, 0.25, 0.9),
    Cover("Beet", 9, 2.5, (_summer_crop("broadleaf", 148, 296, 300, 4.5),), 7),
    Cover("Winter triticale", 10, 2, (_winter_cereal(79, 178, 206, 5.4),)),
    Cover("Winter durum wheat", 11, 3, (_winter_cereal(74, 158, 184, 3.2),)),
    Cover("Fruits, vegetables, flowers", 12, 3, _VEGETABLES, 12, 8, 0.2),
    Cover("Potatoes", 13, 1.8, (_summer_crop("broadleaf", 152, 226, 246, 4.6, 6),)),
    Cover(
        "Leguminous fodder",
        14,
        4,
        (_mown("broadleaf", 72, (128, 166, 204, 245), 4.4),
         _mown("broadleaf", 74, (136, 182, 232), 4.4)),
        6, 5,
    ),
    Cover("Soybeans", 15, 2.5, (_summer_crop("broadleaf", 180, 252, 268, 5.2),)),
    Cover("Orchard", 16, 4, (_woody("tree", 102, 305, 2.4, 1.3),), 6, 6, 0.2, 0.85),
    Cover("Mixed cereal", 17, 1.8, (_MIXED_CEREAL,), 7),
    Cover("Sorghum", 18, 1.9, (_summer_crop("cereal", 182, 268, 288, 3.4, 9),)),
)  # fmt: skip
"""PASTIS's eighteen crops, label 1 first."""

_HEDGE = (_woody("tree", 105, 302, 2.2, 1.6),)
_WOOD = (_woody("tree", 108, 300, 4.5, 0.9),)
_ROUGH = (
    # never mown, or once and late: near a meadow
    (
        Stage("grass", LONG_AGO, LATER, 0.9),
        Stage("grass", 86, 195, 1.8, 16, 20),
        Stage("ripe", 185, 280, 0.8, 15, 20),
    ),
    _mown("grass", 84, (196,), 2.6),
)
_LAWN = ((Stage("grass", LONG_AGO, LATER, 1.8), Stage("tree", 105, 300, 1.0)),)

BACKGROUND: tuple[Cover, ...] = (
    Cover("hedge", 0, 0, _HEDGE, shade=0.85),
    Cover("wood", 0, 4, _WOOD, shade=0.65),
    Cover("pines", 0, 1.5, ((Stage("needle", LONG_AGO, LATER, 4.0),),), shade=0.7),
    Cover("rough grass", 0, 2.5, _ROUGH, vigour=0.25),
    Cover("water", 0, 0.7, surface="water"),
    Cover("road", 0, 0, surface="asphalt"),
    Cover("roofs", 0, 0, surface="tile"),
    Cover("yard", 0, 0, surface="concrete"),
    Cover("hall", 0, 0, surface="metal"),
    Cover("garden", 0, 2.5, _LAWN, vigour=0.25),
)
"""Ground outside the parcels; the share says how often it fills uncovered ground. A garden stands
for a village: roofs, roads and yards are sprinkled over it."""

COVERS: tuple[Cover, ...] = CROPS + BACKGROUND


@dataclass(frozen=True)
class Tile:
    """A Sentinel-2 tile and what farming there is like.

    Attributes:
        name: of the tile, in PASTIS's spelling.
        epsg: code of its UTM zone.
        corner: easting and northing of its north-western corner, m.
        lateness: days that its season lags behind central France.
        dryness: of its soils, 0 moist .. 1 dry.
        cloudiness: share of the acquisitions kept that are clouded.
        affinity: factor on the share of a crop, by label; 1 where not named.
    """

    name: str
    epsg: int
    corner: tuple[int, int]
    lateness: float
    dryness: float
    cloudiness: float
    affinity: Mapping[int, float] = field(default_factory=dict)


TILES: tuple[Tile, ...] = (
    # Normandy: late, moist, meadows, beet and potatoes
    Tile("t30uxv", 32630, (600000, 5500020), 7, 0.30, 0.34,
         {1: 1.2, 2: 1.5, 7: 0.3, 8: 0.05, 9: 2.0, 11: 0.2, 13: 2.0, 15: 0.2, 16: 0.6, 18: 0.2}),
    # Lower Rhone: early, dry, vines and orchards, durum wheat
    Tile("t31tfj", 32631, (600000, 4900020), -9, 0.60, 0.18,
         {1: 0.7, 2: 0.4, 3: 0.4, 4: 0.6, 8: 2.5, 9: 0.1, 11: 3.0, 12: 2.0, 16: 2.5, 18: 2.0}),
    # Burgundy: cereals, rapeseed and pastures
    Tile("t31tfm", 32631, (600000, 5200020), 0, 0.45, 0.26,
         {2: 1.2, 4: 1.7, 5: 1.7, 6: 1.7, 7: 1.6, 10: 1.6, 15: 1.5, 16: 0.4, 17: 1.6}),
    # Alsace: maize, vines, beet
    Tile("t32ulu", 32632, (300000, 5400000), 3, 0.40, 0.28,
         {3: 2.0, 9: 1.5, 8: 0.8, 10: 1.3, 11: 0.2, 13: 1.3, 15: 1.6}),
)  # fmt: skip
"""PASTIS's four tiles."""
