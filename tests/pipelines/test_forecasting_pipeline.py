"""Forecasting before anything is fitted."""

import numpy as np
import pandas as pd
import pytest

from pimc.data.folds import FoldOptions
from pimc.evaluation.forecast_arms import ForecastingOptions, ForecastPixels
from pimc.model.architecture import PRESETS
from pimc.model.encoder_config import SeriesEncoderConfig
from pimc.pipelines.forecasting.nodes import cut_series, plan_arms
from pimc.signal.calendar import NO_DATE, CalendarOptions
from pimc.signal.recurrence import Recurrence, RecurrenceOptions
from pimc.signal.screening import ScreeningOptions
from pimc.signal.series_axes import SeriesAxes
from pimc.signal.sharded_array import ShardedArray

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
        ("NDVI",),
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


def cut_two_years(context=3, targets=("NDVI",), indices=("NDVI",), **options):
    """Two pixels a patch; the second patch is seen from the second year's third step on.

    NDVI is 0 at the first date and 0.02 more at each: 2 near 1.02, red 0.98 of a sum of 2.
    """
    first = np.arange(12) * 10
    days = np.full((2, 24), NO_DATE, np.int32)
    days[0], days[1, :10] = np.r_[first, first + 365], first[2:] + 365
    ndvi = [0.02 * np.arange(24), 0.5 + 0.02 * np.arange(10)]
    parts = [
        np.tile(np.stack([300 + 0 * each, 2000 * (1 - each), 2000 * (1 + each)], -1), (2, 1, 1))
        for each in ndvi
    ]
    reflectance = ShardedArray(
        [np.rint(part).astype(np.int16) for part in parts], -32768, ("B02", "B04", "B08")
    )
    pixels = pd.DataFrame({"patch_index": [0, 0, 1, 1], "place": "here", "fold": [1, 2, 3, 4]})
    calendar = CalendarOptions("01-01", 10, 12, **{"min_observations": 2, **options})
    window = ForecastingOptions(
        arms=ARMS,
        efforts={"quick": {"budgets": {"all": {}}}},
        window={"context": context, "horizon": 2},
        targets=targets,
    )
    ground = reflectance, pixels, days
    return cut_series(*ground, list(indices), ScreeningOptions(), calendar, window)


def test_a_pixel_has_a_window_in_each_season_it_was_seen_in():
    cut = cut_two_years()
    # the second patch has one date in the first three steps of 1971
    assert cut.pixels["season"].tolist() == ["1970-01-01"] * 2 + ["1971-01-01"] * 2
    assert cut.pixels["fold"].tolist() == [1, 2, 1, 2]
    np.testing.assert_allclose(
        cut.context[::2, 0], [[0, 0.02, 0.04], [0.24, 0.26, 0.28]], atol=1e-3
    )
    np.testing.assert_allclose(cut.targets[::2, 0], [[0.06, 0.08], [0.30, 0.32]], atol=1e-3)
    cut = cut_two_years(context=4)
    assert cut.pixels["fold"].tolist() == [1, 2, 1, 2, 3, 4]
    # steps before the first date are filled with it, those after the cut are not known yet
    np.testing.assert_allclose(cut.context[4, 0], [0.5, 0.5, 0.5, 0.52], atol=1e-3)
    np.testing.assert_allclose(cut.targets[4, 0], [0.54, 0.56], atol=1e-3)
    assert len(cut_two_years(seasons="best").pixels) == 2


def test_no_window_in_any_season_says_what_to_change():
    with pytest.raises(ValueError, match=r"no pixel has 4 clear .* first 3 steps .* any season"):
        cut_two_years(min_observations=4)


def test_what_is_forecast_is_a_part_of_what_is_read():
    alone, more = cut_two_years(), cut_two_years(indices=("B04", "SAVI", "NDVI"))
    assert more.channels.tolist() == [2]
    assert more.context.shape[1] == 3
    np.testing.assert_array_equal(more.context[:, 2], alone.context[:, 0])
    np.testing.assert_array_equal(more.targets, alone.targets)


def test_a_target_that_no_series_has_is_refused():
    with pytest.raises(ValueError, match="targets: EVI is not among the indices of the series"):
        cut_two_years(targets=("EVI",))
