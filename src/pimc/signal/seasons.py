"""Seasons of a place: the years of the calendar that its acquisitions make series of.

Neighbours that read different years would make seams in every map: seasons hang on the dates of
all patches of a place, never on those of one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pimc.signal.calendar import ALL, BEST, NO_DATE, CalendarOptions, season_starts

WORTH = 0.5
"""Share of the days between first and last date of the best season that a further one spans.

The best season shows how much of a year is seen at a place, be it twelve months or a summer. A
shorter one is the end of an archive, and most of its series would be filled: a PASTIS patch sees
14 % of the season after its own.
"""


def find_seasons(days: np.ndarray, options: CalendarOptions) -> np.ndarray:
    """First days of the seasons of a place, in order of time.

    The season with most dates is one, the earliest of equals. A further one has at least
    ``min_observations`` dates that no better one holds, and they span at least ``WORTH`` of the
    days that the best one's dates span.

    Args:
        days: int, of any shape: the acquisitions of all patches; ``NO_DATE`` is left out.
        options: the calendar, and how many seasons are wanted.

    Returns:
        S int64, days since 1970-01-01.

    Raises:
        ValueError: if there is no acquisition.
    """
    known = place_days(days)
    starts = season_starts(known, options)
    inside = in_seasons(known, starts, options)
    best, *others = np.argsort(-inside.sum(axis=1), kind="stable").tolist()
    wanted = WORTH * _spanned(known[inside[best]])
    found, held = [best], inside[best]
    for number in others:
        own = known[inside[number] & ~held]
        if len(own) >= options.min_observations and _spanned(own) >= wanted:
            found.append(number)
            held = held | inside[number]
    limits = {ALL: len(found), BEST: 1}
    wished = options.seasons
    return starts[sorted(found[: limits[wished] if isinstance(wished, str) else wished])]


def place_seasons(
    pixels: pd.DataFrame, acquisitions: np.ndarray, options: CalendarOptions
) -> dict[str, np.ndarray]:
    """``find_seasons`` of each place.

    Args:
        pixels: with their place and patch_index.
        acquisitions: patches x T int, days since 1970-01-01.
        options: the calendar.
    """
    patches = pixels[["place", "patch_index"]].drop_duplicates()
    return {
        str(place): find_seasons(acquisitions[numbers], options)
        for place, numbers in patches.groupby("place")["patch_index"]
    }


def place_days(days: np.ndarray) -> np.ndarray:
    """The days of all patches of a place, each once, in order."""
    known: np.ndarray = np.unique(days[days != NO_DATE]).astype(np.int64)
    return known


def in_seasons(days: np.ndarray, starts: np.ndarray, options: CalendarOptions) -> np.ndarray:
    """Which of T days lie in which of S seasons: S x T bool; False at ``NO_DATE``."""
    inside: np.ndarray = (_days_apart(days, starts, options) == 0) & (days != NO_DATE)
    return inside


def nearest_seasons(days: np.ndarray, starts: np.ndarray, options: CalendarOptions) -> np.ndarray:
    """Which seasons each day belongs to: those that hold it, else the nearest: S x T bool."""
    apart = _days_apart(days, starts, options)
    nearest: np.ndarray = apart == apart.min(axis=0)
    return nearest


def most_together(days: np.ndarray, options: CalendarOptions) -> tuple[int, int]:
    """Most dates that ``step`` x ``length`` days can hold, and the first of them.

    Args:
        days: T int, increasing.
        options: the calendar; its first day is not read.
    """
    counts = np.searchsorted(days, days + options.span) - np.arange(len(days))
    first = int(counts.argmax())
    return int(counts[first]), int(days[first])


def season_name(start: int) -> str:
    """A season as tables name it: its first day, as 2018-09-15."""
    return str(np.datetime64(int(start), "D"))


def season_day(name: str) -> int:
    """Back from ``season_name``."""
    return int(np.datetime64(name, "D").astype(int))


def _spanned(days: np.ndarray) -> int:
    """Days from the first to the last; 0 where a calendar of a few months holds no date."""
    return int(days[-1] - days[0]) if len(days) else 0


def _days_apart(days: np.ndarray, starts: np.ndarray, options: CalendarOptions) -> np.ndarray:
    """Days between T days and S seasons, 0 within: S x T."""
    first = starts[:, None]
    before, behind = first - days, days - (first + options.span - 1)
    apart: np.ndarray = np.maximum(0, np.maximum(before, behind))
    return apart
