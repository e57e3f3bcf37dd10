"""Forecasting before anything is fitted."""

import numpy as np
import pandas as pd
import pytest

from pimc.data.folds import FoldOptions
from pimc.pipelines.forecasting.nodes import plan_arms
from pimc.pipelines.forecasting.options import ForecastingOptions
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions


def plan(targets):
    pixels = pd.DataFrame({"patch": [f"p{k}" for k in range(10)], "fold": np.arange(10) % 5 + 1})
    options = ForecastingOptions(
        arms={"last": {"kind": "persistence"}},
        efforts={"quick": {"budgets": {"all": {}}}},
        window={"context": 8, "horizon": 2},
    )
    context = np.zeros((10, 1, 8), np.float32)
    series = (["NDVI"], CalendarOptions(length=16), RecurrenceOptions(), FoldOptions())
    return plan_arms(pixels, context, targets, None, {}, *series, options)


def test_pixels_are_planned_where_a_target_was_observed():
    targets = np.full((10, 1, 2), np.nan, np.float32)
    targets[:5, 0, 1] = 0.5  # a pixel of each fold
    assert list(plan(targets)) == ["last-all-seed0-rotation0"]
    targets[:] = np.nan
    with pytest.raises(ValueError, match="none of 10 pixels was observed in the 2 calendar steps"):
        plan(targets)
