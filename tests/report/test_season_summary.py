from dataclasses import replace

import numpy as np
import pandas as pd

from pimc.report.season_summary import summarise_seasons
from pimc.signal.calendar import NO_DATE, CalendarOptions
from pimc.signal.seasons import season_day

YEAR = CalendarOptions(start="01-01", step=6, length=61, min_observations=4)


def every(first, count, step=10):
    return season_day(first) + step * np.arange(count)


def summarise(days, series, calendar=YEAR):
    """One patch and place for each row of days; series are (place, season), one pixel each."""
    places = [f"p{number}" for number in range(len(days))]
    pixels = pd.DataFrame({"place": places, "patch_index": range(len(days))})
    longest = max(map(len, days))
    acquisitions = np.array([np.r_[each, [NO_DATE] * (longest - len(each))] for each in days])
    table = pd.DataFrame(series, columns=["place", "season"])
    return summarise_seasons(pixels, table, acquisitions.astype(np.int32), calendar)["places"]


def test_seasons_are_listed_by_place_with_dates_and_pixels(caplog):
    days = [every("2020-01-05", 73), every("2018-02-01", 30)]
    series = [("p0", "2020-01-01")] * 3 + [("p0", "2021-01-01")] + [("p1", "2018-01-01")] * 2
    with caplog.at_level("INFO"):
        places = summarise(days, series)
    first = [
        {"season": "2020-01-01", "dates": 37, "pixels": 3},
        {"season": "2021-01-01", "dates": 36, "pixels": 1},
    ]
    assert places["p0"] == {"dates": 73, "dates_outside": 0, "seasons": first}
    second = [{"season": "2018-01-01", "dates": 30, "pixels": 2}]
    assert places["p1"] == {"dates": 30, "dates_outside": 0, "seasons": second}
    assert "place p0: season from 2020-01-01 (37 dates, 3 pixels), season from" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_a_patch_of_a_season_without_pixels_counts_none():
    (place,) = summarise([every("2020-01-05", 36)], []).values()
    assert place["seasons"] == [{"season": "2020-01-01", "dates": 36, "pixels": 0}]


def test_many_dates_in_no_season_are_warned_about(caplog):
    # three years, from July on: half a year at each end
    southern = CalendarOptions(start="07-01", step=6, length=61)
    (place,) = summarise([every("2019-01-04", 109)], [], southern).values()
    assert [each["season"] for each in place["seasons"]] == ["2019-07-01", "2020-07-01"]
    assert place["dates_outside"] == 109 - sum(each["dates"] for each in place["seasons"])
    assert "36 of 109 dates lie in no season (366 days from 07-01) and are not in" in caplog.text
    assert "its seasons start on 2019-07-01, 2020-07-01: move calendar.start" in caplog.text
    caplog.clear()
    summarise([every("2020-01-05", 73)], [], replace(YEAR, seasons="best"))
    assert "36 of 73 dates lie in no season" in caplog.text
    assert "start on 2020-01-01: set calendar.seasons=all" in caplog.text
    caplog.clear()
    summarise([every("2019-06-01", 100)], [], southern)  # three of 100 dates lie in June 2019
    assert "WARNING" not in {each.levelname for each in caplog.records}


def test_a_season_that_the_calendar_cuts_is_warned_about(caplog):
    # 24 dates from 3 September to 21 April: twelve in each year
    winter = every("2020-09-03", 24)
    summarise([winter], [])
    assert (
        "place p0: the calendar from 01-01 cuts a season in two, no year of it holds more than 12 "
        "dates; from calendar.start=09-03 it would hold 24" in caplog.text
    )
    caplog.clear()
    (place,) = summarise([winter], [], CalendarOptions(start="07-01", step=6, length=61)).values()
    assert place["seasons"] == [{"season": "2020-07-01", "dates": 24, "pixels": 0}]
    assert "WARNING" not in {each.levelname for each in caplog.records}
