"""Cloud screening of pixel series by their own course in time, for images without a mask.

An observation is compared with its neighbours in time, those before and those after apart: a
cloud or a shadow is gone on both sides, a harvest, a mowing or a ploughing stays on one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pimc.signal.calendar import dated
from pimc.signal.indices import reflectance_of

SCREENING_BANDS = ("B02", "B04", "B08")

PIXELS_AT_ONCE = 256
"""Compared in one go: few enough for the processor's cache, many enough to outweigh Python."""


@dataclass(frozen=True)
class ScreeningOptions:
    """What counts as cloud or shadow.

    The cloud test is MAJA's multi-temporal one (Hagolle et al. 2010, doi
    10.1016/j.rse.2010.03.002), made symmetric in time.

    Attributes:
        window: days before and after an observation within which it is compared.
        brightening: a cloud raises blue reflectance (0..1) by more than this.
        red_ratio: where red rises by more than this times the rise in blue, soil was laid bare:
            no cloud, as clouds are white.
        shadow_window: as ``window``, for shadows; shorter, for crops grow back.
        darkening: a shadow lowers near infrared to less than this share, and red and blue too.
    """

    window: int = 45
    brightening: float = 0.04
    red_ratio: float = 1.5
    shadow_window: int = 25
    darkening: float = 0.6

    def __post_init__(self) -> None:
        """Check that every value is positive, and that a shadow is darker than light."""
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"screening {name} must be above 0, got {value}")
        if self.darkening >= 1:
            raise ValueError(f"screening darkening must be below 1, got {self.darkening}")


def screen_clouds(
    reflectance: np.ndarray, days: np.ndarray, bands: Sequence[str], options: ScreeningOptions
) -> np.ndarray:
    """Where each pixel was observed, free of cloud and shadow.

    The result depends on the given dates alone, so that a series cut short is screened without
    knowledge of what came later.

    Args:
        reflectance: P x T x C int16, reflectance x 10,000, ``FILL`` where there is no data.
        days: T int, days since 1970-01-01, the same for all P pixels; ``NO_DATE`` padding at
            the end.
        bands: names of the C bands; B02, B04 and B08 are needed.
        options: thresholds.

    Returns:
        P x T bool, True = clear and observed.

    Raises:
        ValueError: if a band is missing or days and reflectance disagree.
    """
    missing = [band for band in SCREENING_BANDS if band not in bands]
    if missing or reflectance.shape[1:] != (len(days), len(bands)):
        raise ValueError(
            f"cloud screening needs bands {', '.join(SCREENING_BANDS)} at every date: expected "
            f"reflectance P x {len(days)} dates x {len(bands)} bands, got shape "
            f"{reflectance.shape} with bands {', '.join(bands)}"
        )
    known = dated(days)
    # date-major: comparisons of a date with others then run along contiguous pixels
    dated_reflectance = reflectance[:, : len(known)].transpose(1, 0, 2)
    blue, red, nir = (reflectance_of(dated_reflectance, bands, band) for band in SCREENING_BANDS)
    seen = np.isfinite(blue) & np.isfinite(red) & np.isfinite(nir)
    # it grows exactly where red rises by less than red_ratio times the rise in blue
    whiteness = options.red_ratio * blue - red

    def brighter(pixels: slice, others: np.ndarray) -> np.ndarray:
        value, white = blue[:, pixels], whiteness[:, pixels]
        risen: np.ndarray = value[:, None] > (value + options.brightening)[others]
        risen &= white[:, None] > white[others]
        return risen

    def darker(pixels: slice, others: np.ndarray) -> np.ndarray:
        value = nir[:, pixels]
        fallen: np.ndarray = value[:, None] < (options.darkening * value)[others]
        for band in (red[:, pixels], blue[:, pixels]):
            fallen &= band[:, None] < band[others]
        return fallen

    seen &= ~_differs_from_both_sides(brighter, seen, known, options.window)
    seen &= ~_differs_from_both_sides(darker, seen, known, options.shadow_window)
    clear = np.zeros(reflectance.shape[:2], dtype=bool)
    clear[:, : len(known)] = seen.T
    return clear


def _differs_from_both_sides(
    differs: Callable[[slice, np.ndarray], np.ndarray],
    seen: np.ndarray,
    days: np.ndarray,
    window: int,
) -> np.ndarray:
    """Where an observation differs from some neighbour before it and some neighbour after it.

    At the ends of a series, and beside gaps, the one side that has neighbours decides.

    Args:
        differs: of pixels, each date from its neighbours (T x K positions): T x K x P bool.
        seen: T x P bool, the observations that take part.
        days: T, increasing.
        window: days on each side.

    Returns:
        T x P bool.
    """
    sides = [_neighbours(days, window, side) for side in (-1, 1)]
    result = np.zeros_like(seen)
    for start in range(0, seen.shape[1], PIXELS_AT_ONCE):
        pixels = slice(start, start + PIXELS_AT_ONCE)
        present = seen[:, pixels]
        found, alone = [], []
        for position, valid in sides:
            taking_part = present[position] & valid[..., None]
            alone.append(~taking_part.any(axis=1))
            found.append((differs(pixels, position) & taking_part).any(axis=1))
        either = (found[0] | alone[0]) & (found[1] | alone[1]) & ~(alone[0] & alone[1])
        result[:, pixels] = present & either
    return result


def _neighbours(days: np.ndarray, window: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the dates within the window on one side of each date, T x K, and which exist."""
    edge = np.searchsorted(days, days + side * window, side="left" if side < 0 else "right")
    own = np.arange(len(days))
    count = own - edge if side < 0 else edge - own - 1
    step = np.arange(1, count.max() + 1)
    valid: np.ndarray = step <= count[:, None]
    return np.where(valid, own[:, None] + side * step, own[:, None]), valid
