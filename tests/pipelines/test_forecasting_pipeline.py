"""Forecasting before anything is fitted."""

import numpy as np
import pandas as pd
import pytest

from pimc.data.folds import FoldOptions
from pimc.evaluation.forecast_arms import ForecastingOptions, ForecastPixels
from pimc.model.architecture import PRESETS
from pimc.model.encoder_config import SeriesEncoderConfig
from pimc.pipelines.forecasting.nodes import plan_arms
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence, RecurrenceOptions
from pimc.signal.series_axes import SeriesAxes

CALENDAR = CalendarOptions(length=16)
ARMS = {
    "last": {"kind": "persistence"},
    "probe": {"kind": "ridge", "input": "pretrained"},
    "random_init": {"kind": "ridge", "input": "random"},
    "scratch": {"kind": "network", "input": "random"},
    "fused_scratch": {"kind": "network", "input": "random_with_series"},
}


def plan(targets=None, encoder=None, observed=None, arms=ARMS):
    pixels = pd.DataFrame({"patch": [f"p{k}" for k in range(10)], "fold": np.arange(10) % 5 + 1})
    options = ForecastingOptions(
        arms=arms,
        efforts={"quick": {"budgets": {"all": {}}}},
        window={"context": 8, "horizon": 2},
    )
    targets = np.ones((10, 1, 2), np.float32) if targets is None else targets
    observed = np.ones((10, 8), bool) if observed is None else observed
    known = ForecastPixels(
        pixels,
        np.zeros((10, 1, 8), np.float32),
        observed,
        targets,
        targets,
        SeriesAxes(("NDVI",), CALENDAR),
    )
    return plan_arms(known, encoder, {}, RecurrenceOptions(), FoldOptions(), options)


def make_encoder(preset):
    import torch

    from pimc.model.encoders import SeriesEncoder

    torch.manual_seed(0)
    fitted = Recurrence(("NDVI",), "unthresholded", (0.0,), (1.0,), None, 1, 1, 0.25)
    return SeriesEncoder(SeriesEncoderConfig(PRESETS[preset].series, CALENDAR, fitted))


def test_pixels_are_planned_where_a_target_was_observed():
    targets = np.full((10, 1, 2), np.nan, np.float32)
    targets[:5, 0, 1] = 0.5  # a pixel of each fold
    arms = {"last": {"kind": "persistence"}}
    assert list(plan(targets, arms=arms)) == ["last-all-seed0-rotation0"]
    targets[:] = np.nan
    with pytest.raises(ValueError, match="none of 10 pixels was observed in the 2 calendar steps"):
        plan(targets)


def test_networks_with_first_weights_hang_on_the_pretrained_architecture_they_take():
    tiny, fused = (plan(encoder=make_encoder(preset)) for preset in ("tiny", "fused"))
    changed = {tiny[name].run.arm.name for name in tiny if tiny[name].key != fused[name].key}
    assert changed >= {"probe", "random_init", "scratch", "fused_scratch"}
    again = plan(encoder=make_encoder("tiny"))
    assert {name: task.key for name, task in again.items()} == {
        name: task.key for name, task in tiny.items()
    }


def test_results_hang_on_which_dates_of_a_context_were_observed():
    hidden = np.ones((10, 8), bool)
    hidden[3, 2] = False
    keys = [{task.key for task in plan(observed=each).values()} for each in (None, hidden)]
    assert not keys[0] & keys[1]
