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
    within_calendar,
)
from pimc.signal.chunks import ArrayChunk
from pimc.signal.indices import compute_pixel_indices
from pimc.signal.screening import ScreeningOptions, screen_clouds
from pimc.signal.series_axes import SeriesAxes
from pimc.signal.sharded_array import ShardedArray

logger = logging.getLogger(__name__)

CHUNK_ROWS = 4096

MUCH_OUTSIDE = 0.25
"""A larger share of dates outside the calendar than this is warned about."""


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
    """Rows of ``pixels`` with enough clear observations in the season; ``pixel`` is the old row.

    Raises:
        ValueError: if none is left.
    """
    counts = np.zeros(len(pixels), np.int32)
    for start, stop, days in patch_rows(pixels["patch_index"].to_numpy(), acquisitions):
        values, usable = index_observations[start:stop], clear[start:stop]
        counts[start:stop] = count_observations(
            values[:, :, : len(days)], usable[:, : len(days)], days, calendar
        )
    kept = pixels[counts >= calendar.min_observations]
    logger.info(
        "%d of %d pixels have at least %d clear observations in the season, %d dropped",
        len(kept),
        len(pixels),
        calendar.min_observations,
        len(pixels) - len(kept),
    )
    if kept.empty:
        raise ValueError(
            f"no pixel has {calendar.min_observations} clear observations between "
            f"{calendar.start} and {calendar.length * calendar.step} days later (the best has "
            f"{counts.max()}); lower calendar.min_observations or move calendar.start"
        )
    return kept.rename_axis("pixel").reset_index()


def regularise_series(
    index_observations: np.ndarray,
    clear: np.ndarray,
    series_pixels: pd.DataFrame,
    acquisitions: np.ndarray,
    calendar: CalendarOptions,
) -> Iterator[tuple[ArrayChunk, ArrayChunk]]:
    """Series on the calendar, linearly filled, N x I x L float32, and where seen, N x L bool."""
    total, pixel = len(series_pixels), series_pixels["pixel"].to_numpy()
    for start, stop, days in patch_rows(series_pixels["patch_index"].to_numpy(), acquisitions):
        rows = pixel[start:stop]
        series, observed = regularise(
            index_observations[rows][:, :, : len(days)], clear[rows][:, : len(days)], days, calendar
        )
        yield ArrayChunk(series, start, total), ArrayChunk(observed, start, total)


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
    summary = {
        "pixels": len(pixels),
        "pixels_kept": len(series_pixels),
        "pixels_dropped": len(pixels) - len(series_pixels),
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
    """Observations at dates outside the calendar, which no series holds; many are warned about."""
    patches, sizes = np.unique(pixels["patch_index"], return_counts=True)
    known = acquisitions[patches]
    within = np.array([within_calendar(days, calendar).sum() for days in known])
    dates = (known != NO_DATE).sum(axis=1)
    left = dates - within
    if left.sum() > MUCH_OUTSIDE * dates.sum():
        worst = known[left.argmax()]
        first, last = (np.datetime64(int(day), "D") for day in (worst[0], worst.max()))
        logger.warning(
            "%d of %d dates lie outside the calendar (%d days from %s, of several years the one "
            "that holds most) and are not in the series; of a patch with dates from %s to %s %d "
            "are left out: move calendar.start or lengthen calendar.step x calendar.length",
            left.sum(),
            dates.sum(),
            calendar.step * calendar.length,
            calendar.start,
            first,
            last,
            left.max(),
        )
    return int((left * sizes).sum())


def patch_rows(
    patch_index: np.ndarray, acquisitions: np.ndarray
) -> Iterator[tuple[int, int, np.ndarray]]:
    """For each patch, first and last-plus-one of its consecutive rows, and its T days."""
    starts = np.flatnonzero(np.r_[True, np.diff(patch_index) != 0])
    for start, stop in zip(starts, np.r_[starts[1:], len(patch_index)], strict=True):
        days = acquisitions[patch_index[start]]
        yield int(start), int(stop), days[days != NO_DATE]
