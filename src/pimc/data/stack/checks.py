"""What the data themselves say of their unit and offset."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pimc.data.patch import FILL, REFLECTANCE_SCALE

DARK_QUANTILE = 0.05
"""Robust against single wrong pixels, and still ground that is as dark as the place has."""

JUMP = 1_000
"""What ESA added to stored values in January 2022."""

JUMP_TOLERANCE = 250
SPREAD = 300
"""An offset moves all bands by as much; a cloud or a season does not."""

LOOK_BACK = 6
"""Earlier dates that a date is compared with: the one before it may be cloudy."""

SCALED_LIMITS = (2.0, 100.0)
"""Reflectance of 0..1 lies below the first, reflectance x 10,000 above the second."""


DARKEST = 0.005
"""Reflectance that some bands of every ground exceed: below it, a scale was applied twice."""


def judge_unit(values: np.ndarray, where: str) -> float:
    """What values must be multiplied with to be reflectance x 10,000: 10,000 or 1.

    Judged by how many finite, positive values lie in each of three magnitudes, never by the
    greatest, which may be a fill.

    Args:
        values: floats, or integers with their tagged scale and offset applied; no data is NaN.
        where: they come from, for the message.

    Raises:
        ValueError: they look like percent, like nothing, or like two of these.
    """
    low, high = SCALED_LIMITS
    known = values[np.isfinite(values)]
    positive = known[(known > 0) & (known < 2 * REFLECTANCE_SCALE)]
    if not known.size:
        return REFLECTANCE_SCALE
    if positive.size < known.size / 10 or np.quantile(positive, 0.9) < DARKEST:
        raise ValueError(
            f"{where}: its values ({known.min():g} to {known.max():g}, scale and offset applied) "
            "are no reflectance; correct its scale and offset tags"
        )
    fraction = (positive <= low).mean()
    percent = ((positive > low) & (positive <= high)).mean()
    scaled = (positive > high).mean()
    if percent > 0.05 and scaled < 0.25:
        raise ValueError(
            f"{where}: its values look like percent (median {np.median(positive):.3g}); convert "
            "them to 0..1 or to reflectance x 10,000"
        )
    if min(fraction, scaled) > 0.25:
        raise ValueError(
            f"{where}: {fraction:.0%} of its values look like reflectance in 0..1 and {scaled:.0%} "
            "like reflectance x 10,000; tag its no-data value, or correct it"
        )
    return REFLECTANCE_SCALE if fraction > scaled else 1.0


def dark_end(reflectance: np.ndarray, quantile: float = DARK_QUANTILE) -> np.ndarray:
    """A low quantile of each band, C floats; NaN where a band has no data.

    Args:
        reflectance: C x ... int16.
        quantile: of the valid values.
    """
    values = reflectance.reshape(len(reflectance), -1)
    valid = [band[band != FILL] for band in values]
    return np.array([np.quantile(each, quantile) if each.size else np.nan for each in valid])


def find_jumps(ends: Mapping[str, np.ndarray]) -> list[tuple[str, str, float]]:
    """Neighbouring dates between which the dark end of all bands moves by about 1,000.

    Args:
        ends: of each date, in order.

    Returns:
        earlier date, later date and the move, one for each later date at most.
    """
    days, jumps = list(ends), []
    for position, day in enumerate(days):
        for before in reversed(days[max(0, position - LOOK_BACK) : position]):
            moves = ends[day] - ends[before]
            move = float(np.median(moves))
            # NaN compares false
            if abs(abs(move) - JUMP) <= JUMP_TOLERANCE and np.ptp(moves) <= SPREAD:
                jumps.append((before, day, move))
                break
    return jumps
