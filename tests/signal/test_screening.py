import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pimc.data.patch import FILL
from pimc.signal.calendar import NO_DATE
from pimc.signal.screening import ScreeningOptions, screen_clouds

BANDS = ("B02", "B04", "B08")
OPTIONS = ScreeningOptions()
# blue, red, near infrared x 10,000: typical Sentinel-2 L2A
CROP = (300, 350, 4200)
STUBBLE = (750, 1300, 2400)
MOWN = (500, 800, 2900)
SOIL = (1000, 1700, 2300)
CLOUD = (4500, 4400, 5000)
VEIL = (950, 900, 3900)
SHADOW = (180, 200, 1500)
SHADED_SOIL = (500, 800, 1100)


def screen(states, days=None, options=OPTIONS):
    """One pixel that goes through the states, every five days unless said otherwise."""
    days = 5 * np.arange(len(states)) if days is None else np.asarray(days)
    return screen_clouds(np.array([states], np.int16), days, BANDS, options)[0].tolist()


def clear_but(count, *screened):
    return [t not in screened for t in range(count)]


@pytest.mark.parametrize(
    ("ground", "passing"),
    [(CROP, CLOUD), (CROP, VEIL), (CROP, SHADOW), (SOIL, CLOUD), (SOIL, SHADED_SOIL)],
)
@pytest.mark.parametrize("position", [0, 3, 7])
def test_cloud_veil_and_shadow_are_screened(ground, passing, position):
    states = [ground] * 8
    states[position] = passing
    assert screen(states) == clear_but(8, position)


def test_clouds_in_a_row_are_screened():
    states = [CROP, CROP, CLOUD, VEIL, CLOUD, CROP, SHADOW, CROP]
    assert screen(states) == clear_but(8, 2, 3, 4, 6)


@pytest.mark.parametrize("after", [STUBBLE, MOWN, SOIL])
@pytest.mark.parametrize("position", range(1, 10))
def test_harvest_is_no_cloud_even_on_the_last_date(after, position):
    states = [CROP] * position + [after] * (10 - position)
    assert all(screen(states))
    assert all(screen(states[: position + 1]))


def test_mowing_that_grows_back_within_the_window_is_no_cloud():
    half_grown = tuple((np.array(MOWN) + CROP) // 2)
    assert all(screen([CROP, CROP, CROP, MOWN, MOWN, half_grown, CROP, CROP]))


def test_soil_bare_between_two_crops_is_no_cloud():
    assert all(screen([CROP] * 3 + [STUBBLE, SOIL, SOIL] + [CROP] * 3))


def test_green_up_from_soil_is_no_cloud():
    assert all(screen([SOIL] * 4 + [MOWN] * 2 + [CROP] * 4))


def test_a_cloud_over_the_harvest_leaves_both_sides_clear():
    assert screen([CROP, CROP, CLOUD, STUBBLE, STUBBLE]) == clear_but(5, 2)


def test_lasting_brightness_is_no_cloud():
    assert all(screen([(3000, 3200, 3400)] * 6))


def test_missing_bands_are_not_clear_and_no_evidence():
    missing = (FILL, 350, 4200)
    states = [CROP, missing, CROP, (0, 350, 4200), CROP]
    assert screen(states) == clear_but(5, 1, 3)
    assert screen([missing, CLOUD, missing]) == clear_but(3, 0, 2)


def test_seven_monthly_dates_keep_their_seasons():
    states = [SOIL, MOWN, CROP, CROP, STUBBLE, SOIL, MOWN]
    assert all(screen(states, days=30 * np.arange(7)))


def test_dates_beyond_the_window_are_no_evidence():
    assert screen([CROP, CLOUD, CROP], days=[0, 46, 92]) == [True] * 3
    assert screen([CROP, CLOUD, CROP], days=[0, 45, 92]) == clear_but(3, 1)


def test_dates_decide_only_within_their_windows():
    rng = np.random.default_rng(0)
    states = np.array([CROP, CROP, CLOUD, STUBBLE, SHADOW, VEIL], np.int16)
    series = states[rng.integers(6, size=(50, 60))]
    days = np.cumsum(rng.integers(2, 8, 60))
    whole = screen_clouds(series, days, BANDS, OPTIONS)
    cut = screen_clouds(series[:, :40], days[:40], BANDS, OPTIONS)
    # shadows are sought among what the clouds left, hence both windows
    apart = days[:40] + OPTIONS.window + OPTIONS.shadow_window < days[40]
    assert apart.sum() > 10
    np.testing.assert_array_equal(whole[:, :40][:, apart], cut[:, apart])
    assert (whole[:, :40] != cut).any()


@given(st.integers(0, 2**32 - 1), st.integers(1, 61))
def test_pixels_do_not_see_each_other_and_padding_is_not_clear(seed, times):
    rng = np.random.default_rng(seed)
    reflectance = rng.integers(-100, 6000, (4, times, 3)).astype(np.int16)
    days = np.cumsum(rng.integers(1, 20, times))
    together = screen_clouds(reflectance, days, BANDS, OPTIONS)
    for pixel in range(4):
        alone = screen_clouds(reflectance[pixel : pixel + 1], days, BANDS, OPTIONS)
        np.testing.assert_array_equal(together[pixel], alone[0])
    padded = np.pad(reflectance, ((0, 0), (0, 2), (0, 0)), constant_values=FILL)
    clear = screen_clouds(padded, np.r_[days, NO_DATE, NO_DATE], BANDS, OPTIONS)
    np.testing.assert_array_equal(clear[:, :times], together)
    assert not clear[:, times:].any()
    assert not together[(reflectance <= 0).any(axis=2)].any()


def test_missing_band_and_mismatched_days_are_refused():
    message = r"needs bands B02, B04, B08 .* expected reflectance P x 4 dates x 2 bands"
    with pytest.raises(ValueError, match=message):
        screen_clouds(np.ones((2, 4, 2), np.int16), np.arange(4), ("B04", "B08"), OPTIONS)
    with pytest.raises(ValueError, match=r"expected reflectance P x 5 dates x 3 bands"):
        screen_clouds(np.ones((2, 4, 3), np.int16), np.arange(5), BANDS, OPTIONS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "screening window must be above 0, got 0"),
        ({"brightening": -0.1}, "screening brightening must be above 0"),
        ({"darkening": 1.0}, "screening darkening must be below 1, got 1.0"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        ScreeningOptions(**options)


@pytest.mark.parametrize("state", [(320, 200, 1500), (180, 360, 1500), (180, 200, 2600)])
def test_what_is_darker_in_some_bands_alone_is_no_shadow(state):
    states = [CROP] * 8
    states[3] = state
    assert all(screen(states))


def test_white_that_lasts_is_no_cloud_where_both_sides_are_known():
    snow = (1500, 1500, 4300)
    assert all(screen([CROP] * 4 + [snow] * 4)[:7])
