import datetime

import numpy as np
import pandas as pd
import pytest

from pimc.data.dates import written_days

DAYS = ["2021-05-01", "2021-05-06"]


@pytest.mark.parametrize(
    "dates",
    [
        DAYS,
        ["20210501", "20210506"],
        [20210501, 20210506],
        [20210501.0, 20210506.0],
        ["2021/05/01", "2021.05.06"],
        ["2021-05-01T00:00:00+02:00", "2021-05-06T23:59:59-11:00"],
        ["2021-05-01 10:30", "20210506T105621"],
        ["2021-05-01Z", "2021-05-06Z"],
        np.array(["2021-05-01T11:30", "2021-05-06"], "datetime64[s]"),
        [datetime.date(2021, 5, 1), datetime.date(2021, 5, 6)],
        pd.to_datetime(DAYS).tz_localize("Europe/Paris"),
        pd.to_datetime(DAYS).tz_localize("Pacific/Auckland").to_numpy(),
        pd.Series(DAYS, dtype="category"),
    ],
)
def test_the_day_that_is_written_counts(dates):
    days = written_days(pd.Series(dates), "points.csv")
    assert days.dtype == "datetime64[D]"
    assert days.astype(str).tolist() == DAYS


@pytest.mark.parametrize(
    "date",
    ["spring", "01/05/2021", "2021-135", 2021135, 44317, 1619827200, "2021-13-01", "2021-02-30",
     "20210501x", "2021", 2021.5],
)  # fmt: skip
def test_dates_that_are_none_are_an_error(date):
    with pytest.raises(ValueError, match=r"points.csv: dates must be ISO dates or YYYYMMDD, got"):
        written_days(np.array([date]), "points.csv")


def test_missing_dates_are_counted():
    with pytest.raises(ValueError, match=r"points.csv: 2 of 3 dates are missing"):
        written_days(pd.Series(["2021-05-01", None, None]), "points.csv")


def test_local_midnights_told_in_utc_are_warned_about(caplog):
    days = written_days(np.array(["2021-01-04T23:00:00Z", "2021-06-03T22:00:00Z"]), "points.csv")
    assert days.astype(str).tolist() == ["2021-01-04", "2021-06-03"]
    assert "points.csv: all times are whole hours after noon" in caplog.text
    caplog.clear()
    written_days(np.array(["2021-01-04T23:10:12Z", "2021-06-03T22:00:00Z"]), "points.csv")
    assert not caplog.text
