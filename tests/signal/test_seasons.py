from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pimc.signal.calendar import NO_DATE, CalendarOptions, season_start
from pimc.signal.seasons import (
    find_seasons,
    in_seasons,
    most_together,
    nearest_seasons,
    place_seasons,
    season_day,
    season_name,
)

YEAR = {"step": 6, "length": 61}


def every(first, count, step=10):
    return season_day(first) + step * np.arange(count)


def names(days, **options):
    return [season_name(start) for start in find_seasons(days, CalendarOptions(**options))]


WINTER = every("2020-09-03", 24)  # to 21 April 2021
THREE_YEARS = every("2019-01-04", 109)  # to 19 December 2021


def test_a_pastis_patch_has_one_season():
    # eight dates of 15 September 2019 and later would lie in the next one
    assert names(every("2018-09-17", 52, 8)) == ["2018-09-15"]


def test_a_season_may_cross_the_new_year():
    assert names(WINTER, start="09-01", **YEAR) == ["2020-09-01"]
    assert names(WINTER, start="07-01", **YEAR) == ["2020-07-01"]


def test_a_calendar_that_cuts_a_season_makes_two_of_it():
    assert names(WINTER, start="01-01", **YEAR) == ["2020-01-01", "2021-01-01"]


def test_three_years_are_three_seasons():
    assert names(THREE_YEARS, start="01-01", **YEAR) == ["2019-01-01", "2020-01-01", "2021-01-01"]
    # from July on, the first and the last half year are less than half of a season
    assert names(THREE_YEARS, start="07-01", **YEAR) == ["2019-07-01", "2020-07-01"]


def test_a_calendar_longer_than_a_year_counts_a_date_once():
    # 427 days from 15 September: years overlap by two months. Of the first one January to
    # September 2019 is its own; of a fourth one, from September 2021, would be five weeks
    assert names(THREE_YEARS) == ["2018-09-15", "2019-09-15", "2020-09-15"]
    # two years from any January hold all of 2019: one season, not two
    assert names(every("2019-01-04", 36), start="01-01", step=10, length=73) == ["2018-01-01"]


def test_summers_of_several_years_are_seasons_however_short():
    summers = [every(f"{year}-06-01", 12) for year in (2019, 2020, 2021)]
    expected = ["2019-01-01", "2020-01-01", "2021-01-01"]
    assert names(np.concatenate(summers), start="01-01", **YEAR) == expected


def test_a_season_of_few_dates_is_none():
    days = np.r_[every("2019-01-04", 36), every("2020-02-01", 4, 80)]
    assert names(days, start="01-01", min_observations=5, **YEAR) == ["2019-01-01"]
    assert names(days, start="01-01", min_observations=4, **YEAR) == ["2019-01-01", "2020-01-01"]


def test_the_seasons_with_most_dates_are_the_best():
    days = np.r_[every("2019-01-04", 18, 20), every("2020-01-04", 36), every("2021-01-04", 12, 30)]
    year = {"start": "01-01", **YEAR}
    assert names(days, seasons="best", **year) == ["2020-01-01"]
    assert names(days, seasons=1, **year) == ["2020-01-01"]
    assert names(days, seasons=2, **year) == ["2019-01-01", "2020-01-01"]
    assert len(names(days, seasons=9, **year)) == 3


@settings(deadline=None)
@given(
    st.lists(st.integers(17_000, 18_500), min_size=1, max_size=60),
    st.integers(1, 12),
    st.integers(1, 90),
)
def test_the_best_season_is_that_of_one_patch_alone(days, step, length):
    days = np.unique(days)
    options = CalendarOptions("03-01", step, length, 2, seasons="best")
    assert find_seasons(days, options).tolist() == [season_start(days, options)]


@settings(deadline=None)
@given(st.lists(st.integers(17_000, 18_500), min_size=1, max_size=60), st.integers(1, 90))
def test_every_further_season_holds_dates_of_its_own(days, length):
    days, options = np.unique(days), CalendarOptions("03-01", 9, length, 3)
    starts = find_seasons(days, options)
    best = starts == find_seasons(days, replace(options, seasons="best"))
    inside = in_seasons(days, starts, options)
    assert best.sum() == 1
    assert ((inside & ~inside[best]).sum(axis=1)[~best] >= 3).all()


def test_patches_of_a_place_share_its_seasons():
    """One patch was seen in 2019 most, the other in 2020; a third place has years of its own."""
    first = np.r_[every("2019-01-05", 36), every("2020-03-01", 4)]
    second = np.r_[every("2019-03-03", 4), every("2020-01-05", 36)]
    third = np.r_[every("2017-01-05", 36), [NO_DATE] * 4]
    pixels = pd.DataFrame({"place": ["here", "here", "here", "there"], "patch_index": [0, 0, 1, 2]})
    options = CalendarOptions(start="01-01", **YEAR)
    found = place_seasons(pixels, np.stack([first, second, third]), options)
    days = {place: [season_name(start) for start in starts] for place, starts in found.items()}
    assert days == {"here": ["2019-01-01", "2020-01-01"], "there": ["2017-01-01"]}


def test_days_belong_to_the_seasons_that_hold_them_or_to_the_nearest():
    options = CalendarOptions(start="01-01", step=10, length=10)  # 100 days
    starts = np.array([0, 365])
    days = np.array([-5, 0, 99, 100, 231, 232, 233, 365, 464, 900, NO_DATE])
    assert in_seasons(days, starts, options)[0].tolist() == [d in (0, 99) for d in days]
    assert in_seasons(days, starts, options)[1].tolist() == [d in (365, 464) for d in days]
    # day 232 lies 133 days behind the one and before the other
    nearest = nearest_seasons(days[:-1], starts, options).astype(int)
    assert nearest.tolist() == [[1, 1, 1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]]


def test_most_dates_together_are_counted_from_a_date():
    options = CalendarOptions(start="01-01", step=10, length=10)
    assert most_together(np.array([0, 90, 110, 150, 189, 190, 400]), options) == (4, 90)
    assert most_together(WINTER, CalendarOptions("01-01", **YEAR)) == (24, WINTER[0])


def test_names_of_seasons_are_their_first_days():
    assert season_name(np.int64(17789)) == "2018-09-15"
    assert season_day("2018-09-15") == 17789


def test_no_date_is_no_season():
    with pytest.raises(ValueError, match="no acquisition date"):
        find_seasons(np.array([[NO_DATE, NO_DATE]]), CalendarOptions())
