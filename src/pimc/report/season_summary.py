"""Which seasons of each place became series, and what lies in none."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pimc.signal.calendar import ALL, CalendarOptions
from pimc.signal.seasons import (
    in_seasons,
    most_together,
    place_days,
    place_seasons,
    season_name,
)

logger = logging.getLogger(__name__)

MUCH_OUTSIDE = 0.25
"""A larger share of dates outside the seasons than this is warned about."""


def summarise_seasons(
    pixels: pd.DataFrame,
    series_pixels: pd.DataFrame,
    acquisitions: np.ndarray,
    calendar: CalendarOptions,
) -> dict[str, Any]:
    """The seasons of each place: first day, dates, pixels; and how many dates lie in none.

    Many such dates, and seasons that the calendar cuts in two, are warned about.
    """
    seasons = place_seasons(pixels, acquisitions, calendar)
    patches = pixels.groupby("place")["patch_index"].unique()
    days = {place: place_days(acquisitions[patches[place]]) for place in seasons}
    counts = series_pixels.groupby(["place", "season"]).size()
    places = {}
    for place, starts in seasons.items():
        inside = in_seasons(days[place], starts, calendar)
        found = [
            {"season": name, "dates": int(dates), "pixels": int(counts.get((place, name), 0))}
            for name, dates in zip(map(season_name, starts), inside.sum(axis=1), strict=True)
        ]
        outside = int((~inside.any(axis=0)).sum())
        places[place] = {"dates": len(days[place]), "dates_outside": outside, "seasons": found}
        logger.info("place %s: %s; %d dates in no season", place, _describe(found), outside)
    warn_of_dates_outside(places, calendar)
    warn_of_cut_seasons(places, days, calendar)
    return {"places": places}


def warn_of_dates_outside(places: Mapping[str, Any], calendar: CalendarOptions) -> None:
    """If more than ``MUCH_OUTSIDE`` of the dates of all places lie in no season."""
    total, outside = (sum(p[name] for p in places.values()) for name in ("dates", "dates_outside"))
    if outside <= MUCH_OUTSIDE * total:
        return
    worst = max(places, key=lambda place: int(places[place]["dates_outside"]))
    moved = "move calendar.start, or lengthen calendar.step x calendar.length"
    logger.warning(
        "%d of %d dates lie in no season (%d days from %s) and are not in the series; at place %s "
        "%d of %d are left out, its seasons start on %s: %s",
        outside,
        total,
        calendar.span,
        calendar.start,
        worst,
        places[worst]["dates_outside"],
        places[worst]["dates"],
        ", ".join(season["season"] for season in places[worst]["seasons"]),
        moved if calendar.seasons == ALL else f"set calendar.seasons={ALL}",
    )


def warn_of_cut_seasons(
    places: Mapping[str, Any], days: Mapping[str, np.ndarray], calendar: CalendarOptions
) -> None:
    """If another first day of the calendar would bring far more dates of a place together."""
    for place, facts in places.items():
        held = max(season["dates"] for season in facts["seasons"])
        most, first = most_together(days[place], calendar)
        if held < (1 - MUCH_OUTSIDE) * most:
            logger.warning(
                "place %s: the calendar from %s cuts a season in two, no year of it holds more "
                "than %d dates; from calendar.start=%s it would hold %d",
                place,
                calendar.start,
                held,
                season_name(first)[5:],
                most,
            )


def _describe(seasons: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"season from {each['season']} ({each['dates']} dates, {each['pixels']} pixels)"
        for each in seasons
    )
