"""Nodes of the index series; the large arrays stream through in chunks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from pimc.signal.calendar import (
    NO_DATE,
    CalendarOptions,
    count_observations,
    regularise,
    regularise_bands,
)
from pimc.signal.chunks import ArrayChunk
from pimc.signal.indices import compute_pixel_indices
from pimc.signal.screening import ScreeningOptions, screen_clouds
from pimc.signal.seasons import (
    in_seasons,
    place_seasons,
    season_day,
    season_name,
)
from pimc.signal.series_axes import SeriesAxes
from pimc.signal.sharded_array import ShardedArray

logger = logging.getLogger(__name__)

CHUNK_ROWS = 4096


def compute_index_observations(
    pixel_reflectance: ShardedArray, indices: list[str]
) -> Iterator[ArrayChunk]:
    """Each index of each pixel at the dates it was seen: P x I x T float32, NaN undefined."""
    total = len(pixel_reflectance)
    for start in range(0, total, CHUNK_ROWS):
        reflectance = pixel_reflectance[start : start + CHUNK_ROWS]
        yield ArrayChunk(
            compute_pixel_indices(reflectance, pixel_reflectance.bands, indices), start, total
        )


def screen_observations(
    pixel_reflectance: ShardedArray,
    pixels: pd.DataFrame,
    acquisitions: np.ndarray,
    screening: ScreeningOptions,
) -> Iterator[ArrayChunk]:
    """True where a pixel was seen and no cloud or shadow is suspected: P x T bool."""
    total, times = len(pixels), acquisitions.shape[1]
    for start, stop, days in patch_rows(pixels["patch_index"].to_numpy(), acquisitions):
        clear = np.zeros((stop - start, times), bool)
        reflectance = pixel_reflectance[start:stop][:, : len(days)]
        clear[:, : len(days)] = screen_clouds(reflectance, days, pixel_reflectance.bands, screening)
        yield ArrayChunk(clear, start, total)


def select_pixels(
    pixels: pd.DataFrame,
    index_observations: np.ndarray,
    clear: np.ndarray,
    acquisitions: np.ndarray,
    calendar: CalendarOptions,
) -> pd.DataFrame:
    """One row a series: a pixel, and a season of its place with enough clear observations of it.

    Patches stay in order, with the seasons of each in order of time and the pixels of each season
    in order. ``pixel`` is the row in ``pixels``, ``season`` the season's first day.

    Raises:
        ValueError: if no pixel has a season.
    """
    seasons = place_seasons(pixels, acquisitions, calendar)
    places = pixels["place"].to_numpy()
    members, names, most = [], [], 0
    for start, stop, days in patch_rows(pixels["patch_index"].to_numpy(), acquisitions):
        values = index_observations[start:stop][:, :, : len(days)]
        usable = clear[start:stop][:, : len(days)]
        for season in seasons[places[start]]:
            counts = count_observations(values, usable, days, calendar, season)
            most = max(most, int(counts.max()))
            rows = start + np.flatnonzero(counts >= calendar.min_observations)
            members.append(rows)
            names.append(np.full(len(rows), season_name(season)))
    kept = pixels.iloc[np.concatenate(members)].assign(season=np.concatenate(names))
    describe_selection(kept, len(pixels), most, calendar)
    return kept.rename_axis("pixel").reset_index()


def describe_selection(
    kept: pd.DataFrame, total: int, most: int, calendar: CalendarOptions
) -> None:
    """Say how many pixels have series, and refuse to go on without any.

    Args:
        kept: a row a series; its index is the pixel.
        total: pixels that there are.
        most: clear observations that a pixel has in a season.
        calendar: of the seasons.
    """
    there = kept.index.nunique()
    logger.info(
        "%d of %d pixels have at least %d clear observations in a season, %d dropped; %d series",
        there,
        total,
        calendar.min_observations,
        total - there,
        len(kept),
    )
    if kept.empty:
        raise ValueError(
            f"no pixel has {calendar.min_observations} clear observations between "
            f"{calendar.start} and {calendar.span} days later, in any year (the best has "
            f"{most}); lower calendar.min_observations, move calendar.start, or lengthen "
            "calendar.step x calendar.length"
        )
    labelled = kept.index[kept["label"] >= 0]
    if labelled.has_duplicates:
        logger.warning(
            "labels count for each season of a pixel: %d series of %d labelled pixels have one; if "
            "labels are of one year, set calendar.seasons=best",
            len(labelled),
            labelled.nunique(),
        )


def regularise_series(
    index_observations: np.ndarray,
    clear: np.ndarray,
    series_pixels: pd.DataFrame,
    acquisitions: np.ndarray,
    calendar: CalendarOptions,
) -> Iterator[tuple[ArrayChunk, ArrayChunk]]:
    """Series on the calendar, linearly filled, N x I x L float32, and where seen, N x L bool."""
    total, pixel = len(series_pixels), series_pixels["pixel"].to_numpy()
    patch, season = (series_pixels[name].to_numpy() for name in ("patch_index", "season"))
    for start, stop in season_chunks(series_pixels):
        rows, days = pixel[start:stop], patch_days(patch[start], acquisitions)
        series, observed = regularise(
            index_observations[rows][:, :, : len(days)],
            clear[rows][:, : len(days)],
            days,
            calendar,
            season_day(season[start]),
        )
        yield ArrayChunk(series, start, total), ArrayChunk(observed, start, total)


def regularise_band_series(
    pixel_reflectance: ShardedArray,
    clear: np.ndarray,
    series_pixels: pd.DataFrame,
    acquisitions: np.ndarray,
    calendar: CalendarOptions,
) -> Iterator[ArrayChunk]:
    """All bands of the source on the calendar: N x C x L float32, as the index series are.

    The rows are those of the index series. A date at which a band was measured counts for it,
    whether or not all indices are defined there.
    """
    bands, total, never = pixel_reflectance.bands, len(series_pixels), 0
    pixel = series_pixels["pixel"].to_numpy()
    patch, season = (series_pixels[name].to_numpy() for name in ("patch_index", "season"))
    for start, stop in season_chunks(series_pixels):
        rows, days = pixel[start:stop], patch_days(patch[start], acquisitions)
        reflectance = pixel_reflectance[rows][:, : len(days)]
        series, measured = regularise_bands(
            compute_pixel_indices(reflectance, bands, bands),
            clear[rows][:, : len(days)],
            days,
            calendar,
            season_day(season[start]),
        )
        never += int((~measured).any(axis=1).sum())
        yield ArrayChunk(series, start, total)
    if never:
        logger.warning("%d of %d series have a band that was never measured: 0 there", never, total)


def summarise_observations(
    index_observations: np.ndarray,
    clear: np.ndarray,
    pixels: pd.DataFrame,
    series_pixels: pd.DataFrame,
    acquisitions: np.ndarray,
    indices: list[str],
    calendar: CalendarOptions,
) -> dict[str, float]:
    """Counts of what was seen, screened out, undefined, dropped or in no season, for MLflow."""
    dates = (acquisitions != NO_DATE).sum(axis=1)[pixels["patch_index"]]
    undefined = np.zeros(len(indices), np.int64)
    usable = 0
    for start in range(0, len(pixels), CHUNK_ROWS):
        seen = clear[start : start + CHUNK_ROWS]
        values = index_observations[start : start + CHUNK_ROWS]
        usable += int(seen.sum())
        undefined += (np.isnan(values) & seen[:, None]).sum(axis=(0, 2))
    total = int(dates.sum())
    kept = series_pixels["pixel"].nunique()
    summary = {
        "pixels": len(pixels),
        "pixels_kept": kept,
        "pixels_dropped": len(pixels) - kept,
        "series": len(series_pixels),
        "observations": total,
        "observations_clear": usable,
        "observations_screened_share": 1 - usable / total,
        "observations_outside_calendar": count_outside(pixels, acquisitions, calendar),
    }
    undefined_clear = {f"undefined_{n}": int(k) for n, k in zip(indices, undefined, strict=True)}
    return {key: float(value) for key, value in (summary | undefined_clear).items()}


def describe_axes(indices: list[str], calendar: CalendarOptions) -> dict[str, Any]:
    """What the axes of the series mean, beside them: ``pimc.signal.series_axes.SeriesAxes``."""
    return SeriesAxes(tuple(indices), calendar).to_json()


def count_outside(pixels: pd.DataFrame, acquisitions: np.ndarray, calendar: CalendarOptions) -> int:
    """Observations at dates in no season of their place, which no series holds."""
    seasons = place_seasons(pixels, acquisitions, calendar)
    places, outside = pixels["place"].to_numpy(), 0
    for start, stop, days in patch_rows(pixels["patch_index"].to_numpy(), acquisitions):
        inside = in_seasons(days, seasons[places[start]], calendar).any(axis=0)
        outside += (stop - start) * int((~inside).sum())
    return outside


def season_chunks(series_pixels: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """First and last-plus-one of rows of one patch and season, ``CHUNK_ROWS`` at most."""
    groups = series_pixels.groupby(["patch_index", "season"]).ngroup().to_numpy()
    for start, stop in runs(groups):
        for first in range(start, stop, CHUNK_ROWS):
            yield first, min(first + CHUNK_ROWS, stop)


def patch_rows(
    patch_index: np.ndarray, acquisitions: np.ndarray
) -> Iterator[tuple[int, int, np.ndarray]]:
    """For each patch, first and last-plus-one of its consecutive rows, and its T days."""
    for start, stop in runs(patch_index):
        yield start, stop, patch_days(patch_index[start], acquisitions)


def patch_days(patch: int, acquisitions: np.ndarray) -> np.ndarray:
    """The T days of a patch, without the padding."""
    padded = acquisitions[patch]
    days: np.ndarray = padded[padded != NO_DATE]
    return days


def runs(key: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last-plus-one of consecutive rows that share a key."""
    starts = np.flatnonzero(np.r_[True, np.diff(key) != 0])
    for start, stop in zip(starts, np.r_[starts[1:], len(key)], strict=True):
        yield int(start), int(stop)
