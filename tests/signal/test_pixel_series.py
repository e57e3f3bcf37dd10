import numpy as np

from pimc.data.patch import FILL
from pimc.signal.calendar import CalendarOptions, count_observations, regularise
from pimc.signal.indices import compute_pixel_indices
from pimc.signal.pixel_series import SeriesRecipe, make_series
from pimc.signal.screening import ScreeningOptions, screen_clouds

BANDS = ("B02", "B03", "B04", "B08")
CALENDAR = CalendarOptions(start="01-01", step=10, length=20, min_observations=4)
RECIPE = SeriesRecipe(("NDVI", "SAVI"), CALENDAR)


def reflectance_of(pixels, dates, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.integers(200, 3_000, (pixels, dates, 4)).astype(np.int16)
    values[rng.random((pixels, dates)) < 0.3] = FILL
    return values


def test_series_are_those_of_the_stages_one_by_one():
    days = np.sort(np.random.default_rng(1).choice(np.arange(17_900, 18_100), 15, replace=False))
    reflectance = reflectance_of(30, 15)
    reflectance[3, 3:] = FILL  # too few observations
    reflectance[4] = FILL  # none
    season = 17_897  # 2019-01-01

    made = make_series(reflectance, days, BANDS, RECIPE, season)

    clear = screen_clouds(reflectance, days, BANDS, ScreeningOptions())
    values = compute_pixel_indices(reflectance, BANDS, RECIPE.indices)
    counts = count_observations(values, clear, days, CALENDAR, season)
    enough = counts >= 4
    series, observed = regularise(values[enough], clear[enough], days, CALENDAR, season)
    assert 0 < enough.sum() < 29
    np.testing.assert_array_equal(made.counts, counts)
    np.testing.assert_array_equal(made.has_series, enough)
    np.testing.assert_array_equal(made.series[enough], series)
    np.testing.assert_array_equal(made.observed[enough], observed)
    assert np.isnan(made.series[~enough]).all() and not made.observed[~enough].any()


def test_pixels_that_were_never_seen_have_no_series():
    made = make_series(np.full((2, 6, 4), FILL), np.arange(6) + 17_900, BANDS, RECIPE, 17_897)
    assert not made.has_series.any() and not made.counts.any() and np.isnan(made.series).all()
