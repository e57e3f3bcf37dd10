import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pimc.data.patch import FILL, SENTINEL2_BANDS
from pimc.data.simulation.spectra import BAND_WINDOWS
from pimc.signal.index_catalogue import catalogue_index
from pimc.signal.indices import (
    INDICES,
    SpectralIndex,
    compute_indices,
    compute_pixel_indices,
    find_index,
)

BANDS = ("B02", "B04", "B08")
NAMES = ("NDVI", "EVI", "SAVI")


def one(blue, red, nir, name):
    return compute_indices(np.array([[blue, red, nir]], np.int16), BANDS, (name,))[0, 0]


def test_values_by_hand():
    # N = 0.4, R = 0.1, B = 0.05
    values = compute_indices(np.array([500, 1000, 4000], np.int16), BANDS, NAMES)
    assert values.dtype == np.float32
    evi = 2.5 * 0.3 / (0.4 + 0.6 - 0.375 + 1)
    np.testing.assert_allclose(values, [0.3 / 0.5, evi, 1.5 * 0.3 / 1.0], rtol=1e-6)


def test_indices_and_bands_are_taken_by_name_not_by_position():
    stored = np.full((2, 3, 10), 7777, np.int16)
    for band, value in {"B02": 300, "B04": 500, "B08": 2500}.items():
        stored[..., SENTINEL2_BANDS.index(band)] = value
    values = compute_indices(stored, SENTINEL2_BANDS, ("SAVI", "NDVI"))
    np.testing.assert_allclose(values, np.tile([1.5 * 0.2 / 0.8, 0.2 / 0.3], (2, 3, 1)), rtol=1e-6)


@pytest.mark.parametrize("invalid", [0, -1, FILL])
def test_an_invalid_band_undoes_only_the_indices_that_need_it(invalid):
    assert np.isnan(one(invalid, 1000, 4000, "EVI"))
    assert one(invalid, 1000, 4000, "NDVI") == pytest.approx(0.6)
    for name in NAMES:
        assert np.isnan(one(500, invalid, 4000, name))
        assert np.isnan(one(500, 1000, invalid, name))


def test_evi_over_bright_blue_is_undefined():
    # denominator: 0.3 + 6 x 0.3 - 7.5 B + 1 = 3.1 - 7.5 B falls below 0.25 past B = 0.38
    assert np.isfinite(one(3795, 3000, 3000, "EVI"))
    assert np.isnan(one(3805, 3000, 3000, "EVI"))


def test_evi_beyond_its_bounds_is_undefined():
    # 2.5 x 0.5 / (0.6 + 0.6 - 7.5 B + 1): 1.48 at B = 0.18, 1.52 at B = 0.184
    assert one(1800, 1000, 6000, "EVI") == pytest.approx(1.25 / 0.85)
    assert np.isnan(one(1840, 1000, 6000, "EVI"))


@given(st.integers(1, 20000), st.integers(1, 20000))
def test_ndvi_is_bounded_and_odd_and_savi_has_its_sign(red, nir):
    ndvi, mirrored = one(1, red, nir, "NDVI"), one(1, nir, red, "NDVI")
    assert -1 <= ndvi <= 1
    assert ndvi == -mirrored
    assert np.sign(one(1, red, nir, "SAVI")) == np.sign(nir - red)


def test_pixel_series_come_out_index_before_date():
    rng = np.random.default_rng(0)
    stored = rng.integers(-50, 6000, (5, 7, 3)).astype(np.int16)
    series = compute_pixel_indices(stored, BANDS, NAMES)
    assert series.shape == (5, 3, 7)
    assert series.flags.c_contiguous
    expected = compute_indices(stored, BANDS, NAMES)
    np.testing.assert_array_equal(series, expected.transpose(0, 2, 1))


def test_a_fourth_index_is_one_entry(monkeypatch):
    ratio = SpectralIndex(("B08", "B02"), lambda nir, blue: nir / blue, (0.0, 100.0))
    monkeypatch.setitem(INDICES, "ratio", ratio)
    assert one(500, 1000, 4000, "ratio") == pytest.approx(8)


def test_a_band_is_a_channel_as_it_is():
    values = compute_indices(np.array([500, 1000, 25_000], np.int16), BANDS, ("B04", "B08"))
    np.testing.assert_allclose(values, [0.1, np.nan])  # no ground is brighter than 2


def test_an_index_of_the_catalogue_by_hand():
    # S2REP = 705 + 35 ((RE3 + R) / 2 - RE1) / (RE2 - RE1)
    stored = np.array([400, 1000, 2500, 4000], np.int16)
    value = compute_indices(stored, ("B04", "B05", "B06", "B07"), ("S2REP",))
    assert value[0] == pytest.approx(705 + 35 * (0.22 - 0.1) / 0.15, rel=1e-6)


def test_the_catalogue_gives_what_our_own_table_gives():
    stored = np.random.default_rng(0).integers(100, 6000, (50, 10)).astype(np.int16)
    ours = compute_indices(stored, SENTINEL2_BANDS, ("NDVI", "NDMI", "NBR", "NDRE"))
    for column, name in enumerate(("NDVI", "NDMI", "NBR", "NDREI")):
        theirs = catalogue_index(name)
        assert theirs is not None
        bands = (stored[:, SENTINEL2_BANDS.index(band)] / np.float32(1e4) for band in theirs.bands)
        np.testing.assert_allclose(theirs.formula(*bands), ours[:, column], rtol=1e-5, atol=1e-6)


def test_an_index_of_the_catalogue_that_explodes_is_undefined():
    # MTCI = (RE2 - RE1) / (RE1 - R): its denominator is 0.0001 here
    stored = np.array([999, 1000, 3000], np.int16)
    assert np.isnan(compute_indices(stored, ("B04", "B05", "B06"), ("MTCI",))[0])
    low, high = find_index("MTCI").bounds
    assert low < 0
    assert 5 < high < 50


def test_every_index_that_sentinel_2_can_give_is_finite_on_grass():
    import spyndex

    names = [name for name in spyndex.indices if _possible(name)]
    assert len(names) > 200
    grass = [300, 400, 600, 500, 1000, 2500, 3000, 3200, 3300, 3300, 2200, 1200]
    bands = tuple(BAND_WINDOWS)
    values = compute_indices(np.array(grass, np.int16), bands, names)
    assert np.isfinite(values).all(), np.array(names)[~np.isfinite(values)]


def _possible(name):
    try:
        return catalogue_index(name) is not None
    except ValueError:
        return False


def test_unknown_index_says_what_is_near():
    with pytest.raises(ValueError, match=r"unknown index 'NDVII' .did you mean NDVI or"):
        one(1, 1, 1, "NDVII")


def test_an_index_that_sentinel_2_cannot_give_is_refused():
    with pytest.raises(ValueError, match="no band of Sentinel-2 gives T; leave NSTv1 out"):
        one(1, 1, 1, "NSTv1")


@pytest.mark.parametrize("names", [(), ("NDVI", "EVI", "NDVI")])
def test_channels_are_named_each_once(names):
    with pytest.raises(ValueError, match="indices must be names, each once"):
        compute_indices(np.ones((1, 3), np.int16), BANDS, names)


def test_missing_band_names_index_band_and_what_there_is():
    with pytest.raises(ValueError, match="EVI needs band B02, but the reflectance has B04, B08"):
        compute_indices(np.ones((1, 2), np.int16), ("B04", "B08"), ("NDVI", "EVI"))


def test_another_number_of_bands_is_refused():
    with pytest.raises(ValueError, match=r"expected 3 bands .* got shape \(4, 2\)"):
        compute_indices(np.ones((4, 2), np.int16), BANDS, NAMES)
