"""From reflectance of pixels to filled series in one go, for whoever has arrays and no catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pimc.signal.calendar import CalendarOptions, count_observations, regularise
from pimc.signal.indices import compute_pixel_indices, find_index
from pimc.signal.screening import SCREENING_BANDS, ScreeningOptions, screen_clouds


def needed_bands(indices: Sequence[str]) -> tuple[str, ...]:
    """Bands that indices and the screening of clouds need, in order."""
    needed = {band for name in indices for band in find_index(name).bands}
    return tuple(sorted({*needed, *SCREENING_BANDS}))


@dataclass(frozen=True)
class SeriesRecipe:
    """How the pipelines make series of reflectance.

    Attributes:
        indices: channels of the series, by name.
        calendar: that they are put on.
        screening: of clouds and shadows.
    """

    indices: tuple[str, ...]
    calendar: CalendarOptions
    screening: ScreeningOptions = field(default_factory=ScreeningOptions)


@dataclass(frozen=True, eq=False)
class PixelSeries:
    """Series of P pixels in one season.

    Attributes:
        series: P x I x L float32 on the calendar, gaps filled; NaN where a pixel has no series.
        observed: P x L bool, where a usable observation lies within half a step.
        counts: P int64, usable observations in the season: clear, and every index defined.
        has_series: P bool, at least ``calendar.min_observations`` of them.
    """

    series: np.ndarray
    observed: np.ndarray
    counts: np.ndarray
    has_series: np.ndarray


def make_series(
    reflectance: np.ndarray,
    days: np.ndarray,
    bands: Sequence[str],
    recipe: SeriesRecipe,
    season: int,
) -> PixelSeries:
    """Screen, compute indices and regularise, as the pipelines do node by node.

    Args:
        reflectance: P x T x C int16, reflectance x 10,000, ``FILL`` where there is no data or a
            mask of the source says cloud.
        days: T int, days since 1970-01-01, strictly increasing.
        bands: names of the C bands.
        recipe: what series to make.
        season: the first day of the calendar's year, days since 1970-01-01.

    Raises:
        ValueError: if a band is missing, or days and reflectance disagree.
    """
    calendar, pixels = recipe.calendar, len(reflectance)
    clear = screen_clouds(reflectance, days, bands, recipe.screening)
    values = compute_pixel_indices(reflectance, bands, recipe.indices)
    counts = count_observations(values, clear, days, calendar, season)
    enough = counts >= calendar.min_observations
    series = np.full((pixels, len(recipe.indices), calendar.length), np.nan, np.float32)
    observed = np.zeros((pixels, calendar.length), bool)
    if enough.any():
        kept = regularise(values[enough], clear[enough], days, calendar, season)
        series[enough], observed[enough] = kept
    return PixelSeries(series, observed, counts, enough)
