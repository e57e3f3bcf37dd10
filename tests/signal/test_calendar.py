import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pimc.signal.calendar import (
    NO_DATE,
    CalendarOptions,
    calendar_shift,
    count_observations,
    dated,
    regularise,
    regularise_bands,
    season_start,
    within_calendar,
)


def day(text):
    return int(np.datetime64(text, "D").astype(int))


def days(*texts):
    return np.array([day(text) for text in texts], np.int32)


def test_pastis_season_starts_in_september_2018():
    season = np.arange(day("2018-09-20"), day("2019-11-10"), 8)
    start = season_start(season, CalendarOptions())
    assert start == day("2018-09-15")
    grid = CalendarOptions().grid(start)
    assert (grid[0], grid[-1]) == (day("2018-09-15"), day("2019-11-09"))


def test_season_holds_most_acquisitions():
    options = CalendarOptions(start="01-01", step=5, length=73)
    dates = days("2019-12-30", "2020-03-01", "2020-06-01", "2021-02-01")
    assert season_start(dates, options) == day("2020-01-01")


def test_equal_seasons_give_the_earliest():
    options = CalendarOptions(start="01-01", step=5, length=73)
    assert season_start(days("2019-05-01", "2020-05-01"), options) == day("2019-01-01")


def test_a_window_longer_than_a_year_may_start_two_years_before():
    options = CalendarOptions(start="12-31", step=10, length=80)
    assert season_start(days("2020-01-05"), options) == day("2017-12-31")


def test_season_ignores_padding_and_needs_a_date():
    padded = np.array([day("2019-03-01"), NO_DATE])
    assert season_start(padded, CalendarOptions()) == day("2018-09-15")
    with pytest.raises(ValueError, match="no acquisition date"):
        season_start(np.array([NO_DATE, NO_DATE]), CalendarOptions())


@pytest.mark.parametrize("wrong", [[5, 4], [5, 5], [5, NO_DATE, 7]])
def test_days_must_increase(wrong):
    with pytest.raises(ValueError, match="must increase strictly"):
        dated(np.array(wrong))


def test_regular_series_by_hand():
    options = CalendarOptions(start="01-01", step=10, length=5)
    start = day("2020-01-01")
    acquired = start + np.array([5, 10, 20, 33])
    values = np.array([[[1.0, np.nan, 4.0, 8.0]]], np.float32)
    clear = np.array([[True, True, True, False]])
    series, observed = regularise(values, clear, acquired, options, start)
    # grid days 0 10 20 30 40; between days 5 and 20 the slope is 0.2 a day; day 33 is cloudy
    np.testing.assert_allclose(series, [[[1, 2, 4, 4, 4]]], rtol=1e-6)
    assert series.dtype == np.float32
    # day 5 is half a step from grid days 0 and 10
    assert observed.tolist() == [[True, True, True, False, False]]


@st.composite
def observations(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pixels, times = draw(st.integers(1, 6)), draw(st.integers(1, 61))
    acquired = day("2019-01-01") + np.sort(rng.choice(500, times, replace=False))
    values = rng.normal(size=(pixels, 2, times)).astype(np.float32)
    values[rng.random(values.shape) < draw(st.floats(0, 0.9))] = np.nan
    values[..., rng.integers(times)] = rng.normal()
    clear = (rng.random((pixels, times)) < draw(st.floats(0.1, 1))) | (
        np.isfinite(values).all(axis=(0, 1))
    )
    return values, clear, acquired


@settings(deadline=None)
@given(observations(), st.integers(1, 30), st.integers(1, 70))
def test_regular_series_equal_numpy_interp(drawn, step, length):
    values, clear, acquired = drawn
    options = CalendarOptions(step=step, length=length)
    start = day("2019-02-01")
    series, observed = regularise(values, clear, acquired, options, start)
    grid = start + step * np.arange(length)
    for pixel, index in np.ndindex(values.shape[:2]):
        keep = clear[pixel] & np.isfinite(values[pixel, index])
        expected = np.interp(grid, acquired[keep], values[pixel, index, keep])
        np.testing.assert_allclose(series[pixel, index], expected, atol=1e-5)
    for pixel in range(len(values)):
        keep = clear[pixel] & np.isfinite(values[pixel]).all(axis=0)
        gap = np.abs(grid[:, None] - acquired[keep]).min(axis=1)
        assert (observed[pixel] == (gap <= step / 2)).all()


def test_padding_changes_nothing():
    options = CalendarOptions(length=9)
    acquired = days("2018-09-20", "2018-10-01", "2018-11-02")
    values = np.array([[[0.1, 0.4, 0.3]]], np.float32)
    clear = np.ones((1, 3), bool)
    padded = (
        np.concatenate([values, np.full((1, 1, 2), np.nan, np.float32)], axis=2),
        np.concatenate([clear, np.ones((1, 2), bool)], axis=1),
        np.r_[acquired, NO_DATE, NO_DATE],
    )
    for plain, other in zip(
        regularise(values, clear, acquired, options), regularise(*padded, options), strict=True
    ):
        np.testing.assert_array_equal(plain, other)
    assert count_observations(*padded, options).tolist() == [3]


def test_observations_are_counted_within_the_calendar_where_all_indices_are_defined():
    options = CalendarOptions(start="01-01", step=10, length=2)
    start = day("2020-01-01")
    acquired = start + np.array([-1, 0, 5, 19, 20])
    values = np.zeros((2, 2, 5), np.float32)
    values[1, 0, 1] = np.nan
    clear = np.ones((2, 5), bool)
    clear[1, 2] = False
    assert count_observations(values, clear, acquired, options, start).tolist() == [3, 1]


def test_padding_and_other_seasons_lie_outside_the_calendar():
    calendar = CalendarOptions(start="12-31", step=1, length=3)
    # 31 December 1969 is day -1, which is also the padding
    known = np.array([0, 1, 2, 365, NO_DATE])
    assert within_calendar(known, calendar).tolist() == [True, True, False, False, False]
    assert within_calendar(known, calendar, 364).tolist() == [False] * 3 + [True, False]


def test_a_pixel_never_seen_is_an_error():
    values = np.zeros((3, 2, 4), np.float32)
    values[1, 1] = np.nan
    acquired = day("2018-10-01") + np.arange(4)
    with pytest.raises(ValueError, match=r"1 of 3 pixels .* first pixel 1, index 1; drop pixels"):
        regularise(values, np.ones((3, 4), bool), acquired, CalendarOptions())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "02-29"}, "month-day of every year, as 09-15, got '02-29'"),
        ({"start": "2018-09-15"}, "month-day"),
        ({"step": 0}, "calendar step must be at least 1, got 0"),
        ({"length": 0}, "calendar length"),
        ({"min_observations": 0}, "calendar min_observations"),
        ({"seasons": "every"}, "seasons must be all, best or a number of at least 1, got 'every'"),
        ({"seasons": 0}, "calendar seasons must be .* got 0"),
        ({"seasons": True}, "calendar seasons must be .* got True"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        CalendarOptions(**options)


def test_how_many_seasons_are_taken_is_no_part_of_what_a_calendar_is():
    plain, best = CalendarOptions(), CalendarOptions(seasons="best")
    # keys of stored results hash the representation, encoders keep the JSON
    assert plain == best
    assert repr(plain) == repr(best)
    grid = {"start": "09-15", "step": 7, "length": 61, "min_observations": 5}
    assert best.to_json() == grid
    assert CalendarOptions(**grid) == plain


def test_calendars_are_laid_where_they_overlap_most():
    season, year = CalendarOptions("09-15", 7, 61), CalendarOptions("01-01", 10, 36)
    assert calendar_shift(season, year) == 30 - 14 + 31 + 30 + 31  # 15 September to 1 January
    assert calendar_shift(year, season) == -108
    assert calendar_shift(year, year) == 0
    assert calendar_shift(CalendarOptions("11-01", 10, 36), CalendarOptions("10-25", 10, 36)) == -7


def test_a_band_is_filled_from_the_dates_at_which_it_was_measured_and_0_where_there_are_none():
    options = CalendarOptions(start="01-01", step=10, length=4)
    dates = days("2019-01-01", "2019-01-11", "2019-01-21", "2019-01-31")
    nan = np.nan
    values = np.array(
        [
            [[0.1, 0.2, 0.9, 0.4], [0.5, nan, 0.9, 0.8]],
            [[0.3, 0.3, 0.3, 0.3], [nan, nan, 0.7, nan]],
        ],
        np.float32,
    )
    clear = np.array([[1, 1, 0, 1]] * 2, bool)
    series, measured = regularise_bands(values, clear, dates, options)
    expected = [
        [[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]],
        [[0.3, 0.3, 0.3, 0.3], [0.0, 0.0, 0.0, 0.0]],
    ]
    np.testing.assert_allclose(series, expected, rtol=1e-6)
    assert measured.tolist() == [[True, True], [True, False]]
    assert np.isnan(values[1, 1, 0])  # what was given is left alone
