"""Nodes of forecasting."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.folds import FoldOptions
from pimc.evaluation.arms import ArmRun, ArmTask, FindEncoder, StoredResult
from pimc.evaluation.planning import drop_absent, plan_runs, plan_tasks
from pimc.evaluation.protocol import split_rotations
from pimc.pipelines.forecasting.options import ForecastingOptions
from pimc.pipelines.rotation_encoders import (
    find_encoders,
    train_by_rotation,
    untrained_architecture,
)
from pimc.pretraining.kept_encoder import EncoderTask, KeptEncoder
from pimc.pretraining.options import PretrainingOptions
from pimc.report.forecasts import ForecastSamples, draw_examples, draw_leads, forecast_tables
from pimc.report.task_figures import draw_scores
from pimc.signal.calendar import CalendarOptions
from pimc.signal.forecast_windows import cut_windows
from pimc.signal.recurrence import RecurrenceOptions
from pimc.signal.screening import ScreeningOptions
from pimc.signal.sharded_array import ShardedArray

logger = logging.getLogger(__name__)

TASK = "forecasting"

RESULT_VERSION = 2
"""Raise it when the code gives other results from the same data and options."""


def cut_series(
    pixel_reflectance: ShardedArray,
    pixels: pd.DataFrame,
    acquisitions: np.ndarray,
    bands: list[str],
    indices: list[str],
    screening: ScreeningOptions,
    calendar: CalendarOptions,
    options: ForecastingOptions,
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Context and targets of each pixel with enough known observations, patch by patch.

    Returns:
        Rows of ``pixels`` that are forecast; context, targets and unscreened targets
        (``pimc.signal.forecast_windows.ForecastWindows``).

    Raises:
        ValueError: if no pixel has enough known observations.
    """
    rows, context, targets, unscreened = [], [], [], []
    patches = pixels["patch_index"].to_numpy()
    for patch in np.unique(patches):
        members, days = np.flatnonzero(patches == patch), acquisitions[patch]
        reflectance = pixel_reflectance[members][:, : len(days)]
        windows = cut_windows(
            reflectance, days, bands, indices, screening, calendar, options.window
        )
        rows.append(members[windows.rows])
        context.append(windows.context)
        targets.append(windows.targets)
        unscreened.append(windows.unscreened)
    kept = np.concatenate(rows)
    logger.info("%d of %d pixels have enough known observations", len(kept), len(pixels))
    if not len(kept):
        raise ValueError(
            f"no pixel has {calendar.min_observations} clear observations in the first "
            f"{options.window.context} steps of the calendar; lower calendar.min_observations, "
            "or lengthen forecasting.window.context"
        )
    table = pixels.iloc[kept].reset_index(drop=True)
    return table, np.concatenate(context), np.concatenate(targets), np.concatenate(unscreened)


def plan_rotation_encoders(
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    folds: FoldOptions,
    options: ForecastingOptions,
    checkpoints: Path,
    calendar: CalendarOptions,
    indices: list[str],
    **corpus: Any,  # noqa: ANN401
) -> dict[str, EncoderTask]:
    """One encoder a rotation; see ``pimc.pipelines.rotation_encoders.train_by_rotation``."""
    return train_by_rotation(
        recurrence, pretraining, folds, options, checkpoints, calendar, indices, corpus
    )


def plan_arms(
    forecast_pixels: pd.DataFrame,
    context: np.ndarray,
    targets: np.ndarray,
    series_encoder: Any,  # noqa: ANN401
    rotation_encoders: dict[str, KeptEncoder],
    indices: list[str],
    calendar: CalendarOptions,
    recurrence: RecurrenceOptions,
    folds: FoldOptions,
    options: ForecastingOptions,
) -> dict[str, ArmTask]:
    """One task a run of an arm; the dataset makes those that are not on disk yet.

    ``series_encoder`` is a ``SeriesEncoder``, or None where there is none. (Kedro builds options
    from type hints, which must be resolved without torch.)
    """
    from pimc.evaluation.forecast import ARMS, Forecasting
    from pimc.evaluation.series_inputs import INPUTS, SeriesInputs

    options.check_arms(ARMS, INPUTS)
    short = replace(calendar, length=options.window.context)
    find_encoder = find_encoders(options, series_encoder, rotation_encoders, indices, calendar)
    if find_encoder is not None:
        find_encoder = partial(_find_shortened, find_encoder, short.length)
    fold, known, truth = forecast_pixels["fold"].to_numpy(), np.array(context), np.array(targets)
    inputs = SeriesInputs(
        known,
        forecast_pixels["patch"].to_numpy(),
        fold,
        indices,
        short,
        recurrence,
        untrained_architecture(options, series_encoder, rotation_encoders),
        find_encoder,
        options.device,
    )
    protocol = options.protocol
    task = Forecasting(inputs, truth, protocol.max_train, options.device, options.seed)
    runs = list(plan_runs(TASK, options))
    if find_encoder is None:
        runs = drop_absent(options, runs, "there is no pretrained series encoder")
    seen = _find_seen(truth)
    splits = split_rotations(fold, seen, folds, protocol.rotations)
    facts = (
        RESULT_VERSION,
        (array_digest(known, truth, fold), fingerprint(inputs.ground())),
        folds,
        protocol.max_train,
        options.seed,
        (recurrence, options.preset, tuple(indices), short),
    )
    return plan_tasks(runs, task.run, splits, facts, find_encoder)


def _find_seen(targets: np.ndarray) -> np.ndarray:
    """Pixels with a target that was observed: what is never seen can neither teach nor test."""
    seen: np.ndarray = np.isfinite(targets).any(axis=(1, 2))
    if not seen.any():
        raise ValueError(
            f"none of {len(targets)} pixels was observed in the {targets.shape[2]} calendar steps "
            "after the context; shorten forecasting.window.context, or bring longer series"
        )
    return seen


def _find_shortened(find: FindEncoder, length: int, run: ArmRun) -> KeptEncoder:
    """The encoder of a run for the context alone."""
    from pimc.model.adapt import shorten

    kept = find(run)
    return replace(kept, load=lambda: shorten(kept.load(), length))


def score_arms(
    results: list[StoredResult],
    forecast_pixels: pd.DataFrame,
    targets: np.ndarray,
    unscreened: np.ndarray,
    indices: list[str],
    options: ForecastingOptions,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """Errors of all arms, their differences, errors by lead time, and metrics of the run."""
    samples = ForecastSamples(
        {"screened": np.asarray(targets), "unscreened": np.asarray(unscreened)},
        forecast_pixels["patch"].to_numpy(),
        tuple(indices),
    )
    scores, differences, leads = forecast_tables(results, samples, options)
    first = scores[(scores["targets"] == "screened") & (scores["budget"] == results[0].budget)]
    names = first["arm"] + "." + first["score"]
    return scores, differences, leads, dict(zip(names, first["value"].tolist(), strict=True))


def draw_figures(
    results: list[StoredResult],
    scores: pd.DataFrame,
    leads: pd.DataFrame,
    forecast_pixels: pd.DataFrame,
    context: np.ndarray,
    targets: np.ndarray,
    indices: list[str],
    options: ForecastingOptions,
) -> tuple[Figure, Figure, Figure]:
    """Arms with intervals, errors by lead time, and examples of the arm that validation chose."""
    budget = results[0].budget
    shown = scores[(scores["targets"] == "screened") & (scores["budget"] == budget)]
    main = shown[shown["score"].isin(["rmse", *(f"rmse_{index}" for index in indices)])]
    by_lead = leads[(leads["targets"] == "screened") & (leads["budget"] == budget)]
    chosen = str(shown.loc[shown["chosen"], "arm"].iloc[0])
    arms = dict.fromkeys(["persistence", "climatology", chosen])
    found = {
        each.arm: each.result
        for each in reversed(results)
        if each.arm in arms and (each.budget, each.rotation) == (budget, 0)
    }
    tested = found[chosen].arrays["test_rows"]
    rng = np.random.default_rng(options.seed)
    places = np.sort(rng.permutation(len(tested))[: options.examples])
    rows = tested[places]
    titles = [f"{row.patch}, row {row.row}" for row in forecast_pixels.iloc[rows].itertuples()]
    examples = draw_examples(
        context[rows, 0],
        targets[rows, 0],
        {arm: found[arm].arrays["test"][places, 0] for arm in arms if arm in found},
        titles,
        indices[0],
    )
    return draw_scores(main, "Forecasting"), draw_leads(by_lead, "Forecasting"), examples
