"""Nodes of forecasting."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pimc.data.folds import FoldOptions
from pimc.evaluation.forecast_arms import (
    FORECASTING,
    ForecastingOptions,
    ForecastPixels,
    forecast_task,
)
from pimc.evaluation.planning import plan
from pimc.evaluation.runs import ArmTask, StoredResult
from pimc.evaluation.series_task import choose_encoders
from pimc.model.encoder_config import StoredSeriesEncoder
from pimc.pretraining.kept_encoder import KeptEncoder
from pimc.report.figure import Figure
from pimc.report.forecasts import ForecastSamples, draw_examples, draw_leads, forecast_tables
from pimc.report.task_figures import draw_scores
from pimc.signal.calendar import CalendarOptions, within_calendar
from pimc.signal.forecast_windows import cut_windows
from pimc.signal.recurrence import RecurrenceOptions
from pimc.signal.screening import ScreeningOptions
from pimc.signal.seasons import place_seasons, season_name
from pimc.signal.series_axes import SeriesAxes
from pimc.signal.sharded_array import ShardedArray

logger = logging.getLogger(__name__)


def cut_series(
    pixel_reflectance: ShardedArray,
    pixels: pd.DataFrame,
    acquisitions: np.ndarray,
    indices: list[str],
    screening: ScreeningOptions,
    calendar: CalendarOptions,
    options: ForecastingOptions,
) -> ForecastPixels:
    """Context and targets of each pixel and season with enough known observations, by patch.

    Raises:
        ValueError: if no pixel has enough known observations, or a target is no index of series.
    """
    axes, targets = SeriesAxes(tuple(indices), calendar), options.targets
    if absent := [name for name in targets if name not in indices]:
        raise ValueError(
            f"forecasting.targets: {', '.join(absent)} is not among the indices of the series "
            f"({', '.join(indices)}): add it to `indices`, or forecast others"
        )
    seasons = place_seasons(pixels, acquisitions, calendar)
    rows, names, parts = [], [], []
    patches, places = pixels["patch_index"].to_numpy(), pixels["place"].to_numpy()
    for patch in np.unique(patches):
        members, days = np.flatnonzero(patches == patch), acquisitions[patch]
        reflectance = pixel_reflectance[members][:, : len(days)]
        for start in _seen_seasons(days, seasons[places[members[0]]], calendar, options):
            ground = reflectance, days, pixel_reflectance.bands, axes
            windows = cut_windows(*ground, screening, options.window, start, targets)
            rows.append(members[windows.rows])
            names.append(np.full(len(windows.rows), season_name(start)))
            parts.append(windows)
    kept = np.concatenate(rows) if rows else np.empty(0, np.int64)
    logger.info(
        "%d of %d pixels have enough known observations; %d windows",
        len(np.unique(kept)),
        len(pixels),
        len(kept),
    )
    if not len(kept):
        raise _nothing_known(calendar, options)
    return ForecastPixels(
        pixels.iloc[kept].assign(season=np.concatenate(names)).reset_index(drop=True),
        np.concatenate([each.context for each in parts]),
        np.concatenate([each.observed for each in parts]),
        np.concatenate([each.targets for each in parts]),
        np.concatenate([each.unscreened for each in parts]),
        axes,
        targets,
    )


def _seen_seasons(
    days: np.ndarray, starts: np.ndarray, calendar: CalendarOptions, options: ForecastingOptions
) -> list[int]:
    """Seasons in whose context a patch has dates enough, were a pixel clear at all of them."""
    known = replace(calendar, length=options.window.context)
    return [
        start
        for start in starts.tolist()
        if within_calendar(days, known, start).sum() >= calendar.min_observations
    ]


def _nothing_known(calendar: CalendarOptions, options: ForecastingOptions) -> ValueError:
    return ValueError(
        f"no pixel has {calendar.min_observations} clear observations in the first "
        f"{options.window.context} steps of the calendar, in any season; lower "
        "calendar.min_observations, lengthen forecasting.window.context, or move calendar.start"
    )


def plan_arms(
    windows: ForecastPixels,
    series_encoder: StoredSeriesEncoder | None,
    rotation_encoders: dict[str, KeptEncoder],
    recurrence: RecurrenceOptions,
    folds: FoldOptions,
    options: ForecastingOptions,
) -> dict[str, ArmTask]:
    """One task a run of an arm; the dataset makes those that are not on disk yet."""
    encoders = choose_encoders(options, recurrence, windows.axes, series_encoder, rotation_encoders)
    return plan(forecast_task(windows, encoders, folds, options), options)


def score_arms(
    results: list[StoredResult], windows: ForecastPixels, options: ForecastingOptions
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """Errors of all arms, their differences, errors by lead time, and metrics of the run."""
    samples = ForecastSamples(
        {"screened": np.asarray(windows.targets), "unscreened": np.asarray(windows.unscreened)},
        windows.pixels["patch"].to_numpy(),
        windows.forecast,
    )
    scores, differences, leads = forecast_tables(results, samples, options)
    budget = options.first_budget(results)
    first = scores[(scores["targets"] == "screened") & (scores["budget"] == budget)]
    names = first["arm"] + "." + first["score"]
    return scores, differences, leads, dict(zip(names, first["value"].tolist(), strict=True))


def draw_figures(
    results: list[StoredResult],
    scores: pd.DataFrame,
    leads: pd.DataFrame,
    windows: ForecastPixels,
    options: ForecastingOptions,
) -> tuple[Figure, Figure, Figure]:
    """Arms with intervals, errors by lead time, and examples of the arm that validation chose."""
    budget = options.first_budget(results)
    shown = scores[(scores["targets"] == "screened") & (scores["budget"] == budget)]
    main = shown[shown["score"].isin(["rmse", *(f"rmse_{name}" for name in windows.forecast)])]
    by_lead = leads[(leads["targets"] == "screened") & (leads["budget"] == budget)]
    chosen = str(shown.loc[shown["chosen"], "arm"].iloc[0])
    of_budget = [each for each in results if (each.budget, each.rotation) == (budget, 0)]
    title = FORECASTING.title
    examples = _draw_examples(of_budget, chosen, windows, options)
    return draw_scores(main, title), draw_leads(by_lead, title), examples


def _draw_examples(
    results: list[StoredResult], chosen: str, windows: ForecastPixels, options: ForecastingOptions
) -> Figure:
    """Forecasts of the first target beside the trivial ones, for some test pixels."""
    arms = dict.fromkeys(["persistence", "climatology", chosen])
    found: dict[str, Any] = {each.arm: each.result for each in reversed(results)}
    tested = found[chosen].arrays["test_rows"]
    rng = np.random.default_rng(options.seed)
    places = np.sort(rng.permutation(len(tested))[: options.examples])
    rows = tested[places]
    pixels = windows.pixels.iloc[rows]
    return draw_examples(
        windows.context[rows, windows.channels[0]],
        windows.targets[rows, 0],
        {arm: found[arm].arrays["test"][places, 0] for arm in arms if arm in found},
        [f"{row.patch} {row.row}/{row.col} {row.season}" for row in pixels.itertuples()],
        windows.forecast[0],
    )
