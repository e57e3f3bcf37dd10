from dataclasses import replace

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


PIXELS = pd.DataFrame(
    {"patch_index": [0, 0, 1], "place": ["a", "a", "b"], "fold": [1, 2, 4], "label": -1}
)


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


def test_observations_outside_all_seasons_are_counted():
    # of 40 days from 1 January: three of four dates, and one of two
    days = np.array([[17897, 17907, 17917, 17937], [17897, 18000, NO_DATE, NO_DATE]], np.int32)
    # two pixels of the first patch lose one observation each, one of the second one
    assert nodes.count_outside(PIXELS, days, CALENDAR) == 3
    days[1, 1] = 17907
    assert nodes.count_outside(PIXELS, days, CALENDAR) == 2


YEARS = CalendarOptions(start="01-01", step=10, length=4, min_observations=3)
# 1, 11, 21 and 31 January of 2019 and of 2020, and 1 March 2019, at two patches of one place
TWO_YEARS = np.array(
    [
        [17897, 17907, 17917, 17927, 17956, 18262, 18272, 18282],
        [17897, 18262, 18272, 18282, 18292, NO_DATE, NO_DATE, NO_DATE],
    ],
    np.int32,
)
NDVI = np.array(
    [
        [0.1, 0.2, 0.3, 0.4, 0.9, 0.5, 0.6, 0.7],
        [0.2, 0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8],
        [0.0, 0.1, 0.2, 0.3, 0.4, np.nan, np.nan, np.nan],
    ],
    np.float32,
)[:, None]
NEIGHBOURS = PIXELS.assign(place="a", label=[3, -1, -1])


def two_years(**options):
    clear = np.isfinite(NDVI[:, 0])
    clear[1, 6] = False  # seen twice in 2020
    calendar = replace(YEARS, **options)
    kept = nodes.select_pixels(NEIGHBOURS, NDVI, clear, TWO_YEARS, calendar)
    pairs = list(nodes.regularise_series(NDVI, clear, kept, TWO_YEARS, calendar))
    return kept, *(join(pair[number] for pair in pairs) for number in (0, 1))


def test_a_pixel_of_two_seasons_gives_two_series(caplog):
    with caplog.at_level("INFO"):
        kept, series, observed = two_years()
    assert kept["pixel"].tolist() == [0, 1, 0, 2]
    assert kept["season"].tolist() == ["2019-01-01", "2019-01-01", "2020-01-01", "2020-01-01"]
    assert kept["fold"].tolist() == [1, 2, 1, 4]
    expected = [
        [0.1, 0.2, 0.3, 0.4],
        [0.2, 0.2, 0.2, 0.2],
        [0.5, 0.6, 0.7, 0.7],  # nothing follows: as at the end of any series
        [0.1, 0.2, 0.3, 0.4],
    ]
    np.testing.assert_allclose(series[:, 0], expected, rtol=1e-6)
    assert observed.tolist() == [[True] * 4, [True] * 4, [True] * 3 + [False], [True] * 4]
    assert "3 of 3 pixels have at least 3 clear observations in a season" in caplog.text
    # one labelled pixel has two seasons
    assert "2 series of 1 labelled pixels have one" in caplog.text
    assert "set calendar.seasons=best" in caplog.text


def test_the_best_season_alone_is_that_of_the_place_not_of_the_patch():
    # the place has four dates in each year: 2019 is the earlier; the second patch has one in it
    kept, series, _ = two_years(seasons="best")
    assert kept["pixel"].tolist() == [0, 1]
    assert set(kept["season"]) == {"2019-01-01"}
    np.testing.assert_allclose(series[0, 0], [0.1, 0.2, 0.3, 0.4], rtol=1e-6)


def test_gaps_at_the_turn_of_seasons_are_filled_from_both_sides():
    calendar = CalendarOptions(start="12-01", step=100, length=4, min_observations=2)
    start = int(np.datetime64("2019-12-01", "D").astype(int))
    days = np.array([start + np.array([0, 300, 466, 756])], np.int32)
    values = np.array([[[0.2, 0.8, 0.466, 0.756]]], np.float32)
    clear = np.ones((1, 4), bool)
    kept = nodes.select_pixels(PIXELS[:1], values, clear, days, calendar)
    assert kept["season"].tolist() == ["2019-12-01", "2020-12-01"]
    series = join(pair[0] for pair in nodes.regularise_series(values, clear, kept, days, calendar))
    # the second season begins on day 366, 66 of 166 days after day 300: 0.8 - 0.334 x 66 / 166
    expected = [[0.2, 0.4, 0.6, 0.8], [0.8 - 0.334 * 66 / 166, 0.466, 0.566, 0.666]]
    np.testing.assert_allclose(series[:, 0], expected, rtol=1e-5)


def test_pixels_and_series_are_counted_apart():
    kept, _, _ = two_years()
    clear = np.isfinite(NDVI[:, 0])
    counts = nodes.summarise_observations(NDVI, clear, NEIGHBOURS, kept, TWO_YEARS, ["NDVI"], YEARS)
    assert (counts["pixels_kept"], counts["pixels_dropped"], counts["series"]) == (3, 0, 4)
    assert counts["observations_outside_calendar"] == 2  # 1 March, of the first patch's two pixels


def cloudy_reflectance():
    """Three pixels in two patches, ten dates of two years; some values are missing."""
    rng = np.random.default_rng(0)
    values = rng.integers(1, 8000, (3, 8, 3)).astype(np.int16)
    values[rng.random(values.shape) < 0.2] = 0
    values[0, 2] = (5000, 300, 200)  # bright blue: EVI is undefined, the bands are measured
    return ShardedArray([values[:2], values[2:, :5]], FILL, BANDS), rng.random((3, 8)) < 0.8


def test_bands_are_filled_as_a_loop_over_pixels_and_bands_does(monkeypatch):
    monkeypatch.setattr(nodes, "CHUNK_ROWS", 1)
    reflectance, clear = cloudy_reflectance()
    clear[:, 2], clear[2, 5:] = True, False
    values = join(nodes.compute_index_observations(reflectance, ["EVI"]))
    calendar = replace(YEARS, min_observations=1)
    kept = nodes.select_pixels(NEIGHBOURS, values, clear, TWO_YEARS, calendar)
    given = reflectance, clear, kept, TWO_YEARS, calendar
    series = join(nodes.regularise_band_series(*given))
    assert series.dtype == np.float32 and series.shape == (len(kept), 3, 4)
    assert np.isnan(values[0, 0, 2]) and clear[0, 2]
    for row, (pixel, patch, season) in enumerate(
        zip(kept["pixel"], kept["patch_index"], kept["season"], strict=True)
    ):
        days = TWO_YEARS[patch][TWO_YEARS[patch] != NO_DATE]
        grid = int(np.datetime64(season, "D").astype(int)) + 10 * np.arange(4)
        stored = reflectance[pixel][: len(days)]
        for band in range(3):
            seen = clear[pixel, : len(days)] & (stored[:, band] > 0)
            expected = np.interp(grid, days[seen], stored[seen, band] / 10_000)
            np.testing.assert_allclose(series[row, band], expected, rtol=1e-5)


def test_a_band_that_was_never_measured_is_0_and_counted(caplog):
    first = np.tile(np.array([300, 1000, 3000], np.int16), (3, 4, 1))
    first[1, :, 0] = 0
    reflectance = ShardedArray([first[:2], first[2:]], FILL, BANDS)
    values = join(nodes.compute_index_observations(reflectance, ["NDVI"]))
    days = np.repeat(DAYS[:1], 2, axis=0)
    clear = np.ones((3, 4), bool)
    kept = nodes.select_pixels(PIXELS, values, clear, days, CALENDAR)
    series = join(nodes.regularise_band_series(reflectance, clear, kept, days, CALENDAR))
    np.testing.assert_allclose(series[0], np.tile([[0.03], [0.1], [0.3]], 4), rtol=1e-6)
    assert (series[1, 0] == 0).all() and (series[1, 1:] > 0).all()
    assert "1 of 3 series have a band that was never measured: 0 there" in caplog.text
