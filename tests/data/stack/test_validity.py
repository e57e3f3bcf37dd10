"""One rule of what is no data, for series and images alike; masks of clouds."""

import numpy as np
import pytest
import rasterio
from cases.geotiffs import BANDS, ground, write_tif
from rasterio.enums import ColorInterp

from pimc.data.patch import FILL
from pimc.data.stack.scenes import StackOptions, stack_scenes
from pimc.data.stack.validity import (
    BY_FILL,
    BY_TAG,
    BY_VALUE,
    normalise,
)


def load(path, **options):
    scenes = stack_scenes(StackOptions(path=str(path), patch_size=8, gap=2, **options))
    return next(iter(scenes.values()))()


def write_days(folder, make, names=BANDS, days=3, **profile):
    for day in range(days):
        write_tif(folder / f"S2_2021060{day + 1}.tif", make(day), names, **profile)


def expect_hole(patch, cause, days=3):
    """Columns 0 to 2 of the second date are no data, all else is as it was made."""
    expected = np.stack([ground(day)[:, :, :8] for day in range(days)]).astype(np.int16)
    expected[1, :, :, :3] = FILL
    np.testing.assert_array_equal(patch.reflectance, expected)
    assert patch.removed == {cause: 4 * 8 * 3}


def holed(day, value, dtype=np.uint16):
    values = ground(day).astype(dtype)
    if day == 1:
        values[:, :, :3] = value
    return values


def test_values_are_normalised():
    values = np.array([[0, 0, 900, 40_000, 65_535], [0, 1200, 7, 2000, 3000]], np.uint16)
    result, cause = normalise(values, (None, 7), [(1, -1000)] * 2)
    assert result.dtype == np.int16
    assert result.tolist() == [[-1000, -1000, -100, FILL, FILL], [-1000, 200, FILL, 1000, 2000]]
    assert cause.tolist() == [[0, 0, 0, BY_VALUE, BY_FILL], [0, 0, BY_TAG, 0, 0]]


def test_values_that_no_reflectance_has_are_no_data():
    values = np.array([[-32_500, FILL, -2000, -2001, -9999, 32_767, 32_766]], np.int16)
    result, cause = normalise(values, (FILL,), [(1, 0)])
    assert result.tolist() == [[FILL, FILL, -2000, FILL, FILL, FILL, 32_766]]
    assert cause.tolist() == [[BY_VALUE, BY_TAG, 0, BY_VALUE, BY_VALUE, BY_FILL, 0]]


def test_a_scale_rounds_to_the_nearest():
    values = np.array([[1, 2, 3]], np.uint16)
    assert normalise(values, (None,), [(2.6, 0.1)])[0].tolist() == [[3, 5, 8]]
    floats = np.array([[0.12344, np.nan, -0.1]], np.float32)
    assert normalise(floats, (None,), [(10_000, 0)])[0].tolist() == [[1234, FILL, -1000]]


@pytest.mark.parametrize("no_data", [np.nan, -3.4e38, 0.1])
def test_tags_of_floats(no_data):
    values = np.array([[0.2, no_data, 0.3]], np.float32)
    result, cause = normalise(values, (no_data,), [(10_000, 0)])
    assert result.tolist() == [[2000, FILL, 3000]]
    assert cause.tolist() == [[0, BY_TAG, 0]]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (-10_000, np.int16),
        (-9999, np.int16),
        (-32_768, np.int32),
        (-9999, np.float32),
        (2**16 - 10_000, np.uint16),
        (2**16 - 9999, np.uint16),
    ],
)
def test_untagged_fills_are_found_by_their_value(tmp_path, value, dtype):
    write_days(tmp_path, lambda day: holed(day, value, dtype))
    expect_hole(load(tmp_path), "impossible value")


def test_a_tag_counts(tmp_path):
    write_days(tmp_path, lambda day: holed(day, 1), nodata=1)
    expect_hole(load(tmp_path), "no-data value")


@pytest.mark.parametrize("name", ["dataMask", "alpha", "DATA_MASK"])
@pytest.mark.parametrize("valid", [1, 255])
def test_a_band_tells_where_there_are_data(tmp_path, name, valid):
    def make(day):
        there = np.full((1, 8, 12), valid, np.uint16)
        there[:, :, :3] = 0 if day == 1 else valid
        return np.concatenate([holed(day, 1), there])

    write_days(tmp_path, make, (*BANDS, name))
    expect_hole(load(tmp_path), "mask of data")


def test_a_fifth_band_tagged_as_alpha_tells_where_there_are_data(tmp_path):
    def make(day):
        there = np.full((1, 8, 12), 65_535, np.uint16)
        there[:, :, :3] = 0 if day == 1 else 65_535
        return np.concatenate([holed(day, 1), there])

    write_days(tmp_path, make, (*BANDS, ""))
    for path in tmp_path.glob("*.tif"):
        with rasterio.open(path, "r+") as target:
            target.colorinterp = [ColorInterp.undefined] * 4 + [ColorInterp.alpha]
    expect_hole(load(tmp_path), "mask of data")


def test_a_file_s_own_mask_counts(tmp_path):
    for day in range(3):
        mask = np.full((8, 12), 255, np.uint8)
        mask[:, :3] = 0 if day == 1 else 255
        write_tif(tmp_path / f"S2_2021060{day + 1}.tif", holed(day, 1), mask=mask)
    expect_hole(load(tmp_path), "mask of data")


def test_zero_in_all_bands_is_no_data_and_in_one_is_not(tmp_path):
    def make(day):
        values = holed(day, 0)
        values[2, 5, 5] = 0
        return values

    write_days(tmp_path, make)
    patch = load(tmp_path)
    assert patch.removed == {"0 in all bands": 4 * 8 * 3}
    assert (patch.reflectance[:, 2, 5, 5] == 0).all()


def with_mask(day, codes, dtype=np.uint16):
    mask = np.broadcast_to(np.asarray(codes, dtype), (1, 8, 12))
    return np.concatenate([ground(day).astype(dtype), mask])


@pytest.mark.parametrize(
    ("name", "code", "options"),
    [("SCL", 12, {}), ("CLOUD", 37, {}), ("CLOUD", 4, {"mask": "CLOUD"}), ("CLM", 2, {})],
)
def test_codes_that_a_mask_has_not_are_an_error(tmp_path, name, code, options):
    write_days(tmp_path, lambda day: with_mask(day, code), (*BANDS, name))
    with pytest.raises(ValueError, match=rf"S2_20210601.tif: mask band {name} .* got {code}; if"):
        load(tmp_path, **options)


def test_shadows_without_a_cloud_may_be_a_probability(tmp_path):
    write_days(tmp_path, lambda day: with_mask(day, 2 * (day % 2)), (*BANDS, "cloud"))
    with pytest.raises(ValueError, match="CLOUD holds 2 but never 1: shadows without a cloud"):
        load(tmp_path)
    assert load(tmp_path, cloud_threshold=40.0).clear.all()
    assert load(tmp_path, mask="CLOUD").clear.mean(axis=(1, 2)).tolist() == [1, 0, 1]


def test_no_data_of_a_mask_is_not_clear(tmp_path):
    codes = np.array([4] * 4 + [65_535] * 8)
    write_days(tmp_path, lambda day: with_mask(day, codes), (*BANDS, "SCL"))
    assert load(tmp_path).clear[0, 0].tolist() == [True] * 4 + [False] * 4


@pytest.mark.parametrize(
    ("name", "values", "dtype", "threshold", "clear"),
    [
        ("cloud", [0, 37, 40, 100], np.uint16, 40.0, [True, True, False, False]),
        ("cloud_probability", [0, 39, 40, 100], np.uint16, None, [True, True, False, False]),
        ("MSK_CLDPRB", [0, 4, 5, 100], np.uint16, 5.0, [True, True, False, False]),
        ("CLP", [0, 101, 103, 255], np.uint16, None, [True, True, False, False]),
    ],
)
def test_a_probability_is_cloud_from_a_threshold_on(
    tmp_path, name, values, dtype, threshold, clear
):
    columns = np.resize(values, 12)
    write_days(tmp_path, lambda day: with_mask(day, columns, dtype), (*BANDS, name))
    patch = load(tmp_path, cloud_threshold=threshold)
    assert patch.clear[2, 7, :4].tolist() == clear


def test_a_probability_in_fractions(tmp_path):
    def make(day):
        mask = np.broadcast_to(np.resize([0, 0.39, 0.4, 1], 12), (1, 8, 12))
        return np.concatenate([ground(day) / 10_000, mask]).astype(np.float32)

    write_days(tmp_path, make, (*BANDS, "cloud_probability"))
    assert load(tmp_path).clear[0, 0, :4].tolist() == [True, True, False, False]


def test_files_without_the_mask_are_named_and_the_others_keep_theirs(tmp_path, caplog):
    write_days(tmp_path, lambda day: with_mask(day, 9 if day % 2 else 4), (*BANDS, "SCL"), days=4)
    write_tif(tmp_path / "S2_20210602.tif", ground(1))
    assert load(tmp_path).clear.mean(axis=(1, 2)).tolist() == [1, 1, 1, 0]
    assert "1 of its files lack the mask band SCL" in caplog.text
    assert "S2_20210602.tif" in caplog.text


def test_masks_that_are_not_understood_are_named(tmp_path, caplog):
    write_days(tmp_path, lambda day: with_mask(day, 1024), (*BANDS, "QA60"))
    assert load(tmp_path).clear is None
    assert "bands QA60 are left unread" in caplog.text


def test_a_threshold_without_a_probability_is_warned_of(tmp_path, caplog):
    write_days(tmp_path, lambda day: with_mask(day, 4), (*BANDS, "SCL"))
    load(tmp_path, cloud_threshold=30.0)
    assert "cloud_threshold has nothing to act on: its mask is SCL, clear where" in caplog.text
