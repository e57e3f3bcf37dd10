import numpy as np
import pandas as pd
import pytest

from pimc.data.patch import FILL
from pimc.pipelines.vegetation_indices import nodes
from pimc.signal.calendar import NO_DATE, CalendarOptions
from pimc.signal.screening import ScreeningOptions
from pimc.signal.sharded_array import ShardedArray

BANDS = ["B02", "B04", "B08"]
CALENDAR = CalendarOptions(start="01-01", step=10, length=4, min_observations=2)
# 1 January 2019 is day 17897
DAYS = np.array([[17897, 17907, 17917, 17927], [17897, 17927, NO_DATE, NO_DATE]], np.int32)


def make_reflectance():
    """Two patches: two pixels at four dates, one pixel at two dates; NDVI 0.5 everywhere."""
    first = np.tile(np.array([300, 1000, 3000], np.int16), (2, 4, 1))
    first[1, 1:] = FILL  # seen once
    return ShardedArray([first, first[:1, :2]], FILL, BANDS)


PIXELS = pd.DataFrame({"patch_index": [0, 0, 1], "fold": [1, 2, 4]})


def join(chunks):
    chunks = list(chunks)
    assert [chunk.start for chunk in chunks] == list(
        np.cumsum([0, *(len(chunk.rows) for chunk in chunks[:-1])])
    )
    assert {chunk.total for chunk in chunks} == {sum(len(chunk.rows) for chunk in chunks)}
    return np.concatenate([chunk.rows for chunk in chunks])


def run():
    reflectance = make_reflectance()
    values = join(nodes.compute_index_observations(reflectance, ["NDVI"]))
    clear = join(nodes.screen_observations(reflectance, PIXELS, DAYS, ScreeningOptions()))
    return values, clear


def test_padding_and_fill_are_neither_clear_nor_defined():
    values, clear = run()
    expected = [[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]]
    np.testing.assert_array_equal(clear, np.array(expected, bool))
    np.testing.assert_array_equal(np.isfinite(values[:, 0]), clear)
    np.testing.assert_allclose(values[0, 0], 0.5, rtol=1e-6)


def test_pixels_seen_too_seldom_are_dropped_and_rows_remembered(caplog):
    values, clear = run()
    with caplog.at_level("INFO"):
        kept = nodes.select_pixels(PIXELS, values, clear, DAYS, CALENDAR)
    assert kept["pixel"].tolist() == [0, 2]
    assert "1 dropped" in caplog.text


def test_nothing_left_says_what_to_change():
    values, clear = run()
    many = CalendarOptions(start="01-01", step=10, length=4, min_observations=9)
    with pytest.raises(ValueError, match=r"no pixel has 9 clear observations .*best has 4.*lower"):
        nodes.select_pixels(PIXELS, values, clear, DAYS, many)


def test_series_are_filled_on_the_calendar_of_their_own_patch():
    values, clear = run()
    kept = nodes.select_pixels(PIXELS, values, clear, DAYS, CALENDAR)
    pairs = list(nodes.regularise_series(values, clear, kept, DAYS, CALENDAR))
    series = join(pair[0] for pair in pairs)
    observed = join(pair[1] for pair in pairs)
    np.testing.assert_allclose(series, np.full((2, 1, 4), 0.5), rtol=1e-6)
    np.testing.assert_array_equal(observed, [[True] * 4, [True, False, False, True]])


def test_counts_leave_out_the_padding():
    values, clear = run()
    kept = nodes.select_pixels(PIXELS, values, clear, DAYS, CALENDAR)
    values = values.copy()
    values[0, 0, 0] = np.nan  # clear, yet the index is undefined
    counts = nodes.summarise_observations(values, clear, PIXELS, kept, DAYS, ["NDVI"], CALENDAR)
    assert counts["observations"] == 4 + 4 + 2
    assert counts["observations_clear"] == 7
    assert counts["pixels_dropped"] == 1
    assert counts["undefined_NDVI"] == 1
    assert counts["observations_screened_share"] == pytest.approx(0.3)
    assert counts["observations_outside_calendar"] == 0


def test_dates_outside_the_calendar_are_counted_and_many_are_warned_about(caplog):
    # of 40 days from 1 January: three of four dates, and one of two
    days = np.array([[17897, 17907, 17917, 17937], [17897, 18000, NO_DATE, NO_DATE]], np.int32)
    # two pixels of the first patch lose one observation each, one of the second one
    assert nodes.count_outside(PIXELS, days, CALENDAR) == 3
    assert "2 of 6 dates lie outside the calendar (40 days from 01-01" in caplog.text
    assert "dates from 2019-01-01 to 2019-02-10 1 are left out: move calendar.start" in caplog.text
    caplog.clear()
    days[1, 1] = 17907
    assert nodes.count_outside(PIXELS, days, CALENDAR) == 2  # of 6 dates 1
    assert not caplog.text
