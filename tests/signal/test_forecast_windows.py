import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pimc.data.patch import FILL
from pimc.signal.calendar import CalendarOptions
from pimc.signal.forecast_windows import WindowOptions, cut_windows, mean_by_step
from pimc.signal.screening import ScreeningOptions
from pimc.signal.series_axes import SeriesAxes

BANDS, INDICES = ("B02", "B04", "B08"), ("NDVI", "EVI", "SAVI")
CALENDAR = CalendarOptions(start="01-01", step=10, length=20, min_observations=3)
WINDOW = WindowOptions(context=12, horizon=5)
START = int(np.datetime64("2021-01-01", "D").astype(int))
DAYS = START + np.arange(0, 200, 5)


def season(pixels=6, seed=0):
    rng = np.random.default_rng(seed)
    green = 0.3 + 0.3 * np.sin(np.linspace(0, 3, len(DAYS))) + rng.normal(0, 0.02, (pixels, 40))
    bands = [0.04 + 0 * green, 0.12 - 0.1 * green, 0.1 + 0.5 * green]
    return (np.stack(bands, axis=-1) * 10_000).astype(np.int16)


def cut(reflectance, days=DAYS, window=WINDOW, calendar=CALENDAR, start=None):
    axes = SeriesAxes(INDICES, calendar)
    return cut_windows(reflectance, days, BANDS, axes, ScreeningOptions(), window, start)


@given(st.integers(0, 2**32 - 1))
def test_nothing_of_the_future_reaches_the_context(seed):
    reflectance, rng = season(), np.random.default_rng(seed)
    future = 2 * (DAYS - START - 110) >= 10
    changed = reflectance.copy()
    changed[:, future] = rng.integers(1, 9_000, changed[:, future].shape)
    changed[rng.random(changed.shape[:2]) * future > 0.6] = FILL
    before, after = cut(reflectance), cut(changed)
    assert (before.rows == after.rows).all()
    assert (before.context == after.context).all()
    assert not np.array_equal(before.targets, after.targets, equal_nan=True)


def test_a_change_just_before_the_cut_reaches_the_context():
    reflectance = season()
    changed = reflectance.copy()
    last = np.flatnonzero(2 * (DAYS - START - 110) < 10)[-1]
    changed[:, last, 2] += 400
    assert (cut(reflectance).context[..., -1] != cut(changed).context[..., -1]).all()


def test_the_last_known_observation_is_judged_without_what_follows():
    # a bright last observation: with what follows it stays (soil), without it counts as cloud
    reflectance = season()
    future = np.flatnonzero(2 * (DAYS - START - 110) >= 10)
    cloudy = future[0] - 1
    reflectance[:, cloudy:, 0] = 3_000
    bright = cut(reflectance)
    reflectance[:, future, 0] = 400
    assert (bright.context == cut(reflectance).context).all()


def test_targets_are_the_clear_observations_nearest_to_each_step():
    reflectance = season()
    windows = cut(reflectance)
    ndvi = (reflectance[..., 2] - reflectance[..., 1]) / (
        reflectance[..., 2].astype(float) + reflectance[..., 1]
    )
    # step 12 is day 120: days 115 (just between) and 120 are nearest
    near = np.isin(DAYS - START, [115, 120])
    np.testing.assert_allclose(windows.unscreened[:, 0, 0], ndvi[:, near].mean(axis=1), rtol=1e-5)


def test_cloudy_targets_are_missing_only_where_screened():
    reflectance = season()
    at = np.isin(DAYS - START, [135, 140])
    reflectance[:, at] = 6_000
    windows = cut(reflectance)
    assert np.isnan(windows.targets[:, :, 2]).all()
    assert np.isfinite(windows.unscreened[:, 0, 2]).all()


def test_pixels_with_too_few_known_observations_are_left_out():
    reflectance = season()
    reflectance[1, : len(DAYS) // 2 + 4] = FILL
    assert cut(reflectance).rows.tolist() == [0, 2, 3, 4, 5]


def test_each_season_is_cut_as_if_it_were_alone():
    """Two years, the second one greener; a third of a year lies between the dates of both."""
    first, second = season(), season(seed=1)
    days = np.r_[DAYS, DAYS + 365]
    both = np.concatenate([first, second], axis=1)
    early, late = (cut(both, days, start=START + later) for later in (0, 365))
    for alone, found in ((cut(first), early), (cut(second), late)):
        np.testing.assert_array_equal(alone.context, found.context)
        np.testing.assert_array_equal(alone.targets, found.targets)
        assert alone.rows.tolist() == found.rows.tolist()
    assert not np.array_equal(early.targets, late.targets)


def test_mean_by_step_by_hand():
    values = np.array([[[1.0, 2.0, 4.0, np.nan]]], np.float32)
    clear = np.ones((1, 4), bool)
    days, steps = np.array([5, 14, 15, 20]), np.array([10, 20, 30])
    np.testing.assert_array_equal(
        mean_by_step(clear, values, days, steps, 10), [[[1.5, 4.0, np.nan]]]
    )


def test_a_window_longer_than_the_calendar_is_refused():
    with pytest.raises(ValueError, match="context of 18 and a horizon of 5 steps do not fit"):
        cut(season(), window=WindowOptions(18, 5))
