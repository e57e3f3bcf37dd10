"""What files say of their numbers, and what becomes of the values."""

import json
import logging

import numpy as np
import pytest
from cases.geotiffs import BANDS, ground, write_tif

from pimc.data.patch import FILL
from pimc.data.stack.checks import find_jumps, judge_unit
from pimc.data.stack.offsets import asked_offset, check_places
from pimc.data.stack.scenes import StackOptions, stack_scenes
from pimc.data.stack.statements import baseline_add

DAYS = ("20210601", "20220115", "20220201", "20220301")
NEW = (False, False, True, True)


def load(path, **options):
    scenes = stack_scenes(StackOptions(path=str(path), patch_size=8, gap=2, **options))
    return next(iter(scenes.values()))()


def truth(days=4):
    return np.stack([ground(day)[:, :, :8] for day in range(days)])


def write(folder, name="S2_{day}.tif", add=1000, **profile):
    """Four dates, of which the last two carry ``add``; names and tags by whether they do."""
    for number, (day, new) in enumerate(zip(DAYS, NEW, strict=True)):
        baseline = "N0400" if new else "N0301"
        path = folder / name.format(day=day, baseline=baseline)
        own = {key: value(new) for key, value in profile.items()}
        write_tif(path, ground(number, add=add if new else 0), **own)


def metadata(day, new, level="2A", quantification=10_000):
    adds = "".join(f'<BOA_ADD_OFFSET band_id="{n}">-1000</BOA_ADD_OFFSET>' for n in range(13))
    return (
        f'<n1:Level-{level} xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD"><n1:General_Info>'
        f"<PRODUCT_START_TIME>{day[:4]}-{day[4:6]}-{day[6:]}T10:56:21.024Z</PRODUCT_START_TIME>"
        f'<BOA_QUANTIFICATION_VALUE unit="none">{quantification}</BOA_QUANTIFICATION_VALUE>'
        f"{adds if new else ''}</n1:General_Info></n1:Level-{level}>"
    )


def item(day, file="", bands=None, **properties):
    stamp = f"{day[:4]}-{day[4:6]}-{day[6:]}T10:56:21Z"
    asset = {"href": f"./{file}"} | ({"raster:bands": [bands]} if bands else {})
    return json.dumps(
        {
            "type": "Feature",
            "stac_version": "1.0.0",
            "properties": {"datetime": stamp, **properties},
            "assets": {"data": asset},
        }
    )


def test_the_product_name_tells_the_offset(tmp_path):
    write(tmp_path, "S2A_MSIL2A_{day}T105621_{baseline}_R094_T31TCJ_20230801T135301.tif")
    np.testing.assert_array_equal(load(tmp_path).reflectance, truth())


def test_the_folder_of_a_product_tells_the_offset(tmp_path):
    write(tmp_path, "S2A_MSIL2A_{day}T105621_{baseline}_R094_T31TCJ/S2_{day}.tif")
    np.testing.assert_array_equal(load(tmp_path).reflectance, truth())


@pytest.mark.parametrize("name", ["BOA_ADD_OFFSET", "radio_add_offset"])
def test_a_metadata_item_tells_the_offset(tmp_path, name):
    write(tmp_path, tags=lambda new: {name: "-1000" if new else "0"})
    np.testing.assert_array_equal(load(tmp_path).reflectance, truth())


def test_esa_s_metadata_beside_a_file_counts_on_its_date_alone(tmp_path):
    write(tmp_path)
    for day, new in zip(DAYS, NEW, strict=True):
        if new:
            (tmp_path / f"{day}_MTD_MSIL2A.xml").write_text(metadata(day, new))
    patch = load(tmp_path)
    np.testing.assert_array_equal(patch.reflectance, truth())
    assert patch.reading["numbers"] == {
        "2021-06-01/2022-01-15": "x 1 +0 (nothing said)",
        "2022-02-01": "x 1 -1000 (20220201_MTD_MSIL2A.xml)",
        "2022-03-01": "x 1 -1000 (20220301_MTD_MSIL2A.xml)",
    }


def test_another_quantification_scales(tmp_path):
    for number, day in enumerate(DAYS[:3]):
        folder = tmp_path / f"S2A_MSIL2A_{day}T105621"
        write_tif(folder / f"S2_{day}.tif", ground(number) // 10 * 10 // 5)
        (folder / "MTD_MSIL2A.xml").write_text(metadata(day, False, quantification=2000))
    np.testing.assert_array_equal(load(tmp_path).reflectance, truth(3) // 10 * 10)


@pytest.mark.parametrize(
    ("properties", "bands", "add"),
    [
        ({"s2:processing_baseline": "05.10"}, None, 1000),
        ({"s2:processing_baseline": "03.01"}, None, 0),
        ({}, {"scale": 0.0001, "offset": -0.1}, 1000),
        # removed by the provider; the offset of the asset is then of the original
        ({"earthsearch:boa_offset_applied": True}, {"scale": 0.0001, "offset": -0.1}, 0),
        (
            {"earthsearch:boa_offset_applied": False, "s2:processing_baseline": "04.00"},
            None,
            1000,
        ),
    ],
)
def test_a_stac_item_beside_a_file_tells_the_offset(tmp_path, properties, bands, add):
    for number, day in enumerate(DAYS[:3]):
        write_tif(tmp_path / f"S2_{day}.tif", ground(number, add=add))
        (tmp_path / f"item_{day}.json").write_text(item(day, f"S2_{day}.tif", bands, **properties))
    np.testing.assert_array_equal(load(tmp_path).reflectance, truth(3))


def test_a_stac_item_may_tell_each_band_its_own_offset(tmp_path):
    for day in DAYS[:3]:
        stored = ground(0)
        stored[3] += 500
        write_tif(tmp_path / f"S2_{day}.tif", stored)
        stamp = f"{day[:4]}-{day[4:6]}-{day[6:]}T10:00:00Z"
        assets = {
            "visual": {"href": "a/tci.tif", "eo:bands": [{"name": "red"}, {"name": "nir"}]},
            "B08_10m": {
                "href": "a/b.jp2",
                "bands": [{"raster:scale": 1e-4, "raster:offset": -0.05}],
            },
            "a": {
                "href": "a/c.jp2",
                "eo:bands": [{"name": "red"}],
                "raster:bands": [{"scale": 2e-4}],
            },
        }
        found = {"type": "Feature", "properties": {"datetime": stamp}, "assets": assets}
        (tmp_path / f"S2_{day}.json").write_text(json.dumps(found))
    expected = truth(1)[0].astype(int)
    expected[2] *= 2
    np.testing.assert_array_equal(load(tmp_path).reflectance, np.stack([expected] * 3))


def test_tags_of_scale_and_offset_count(tmp_path):
    write(tmp_path, scale=lambda new: 1e-4, offset=lambda new: -0.1 if new else 0.0)
    np.testing.assert_array_equal(load(tmp_path).reflectance, truth())


def test_tags_of_any_scale_count(tmp_path):
    stored = np.rint((ground(0) / 10_000 + 0.2) / 2.75e-5).astype(np.uint16)
    for day in DAYS[:3]:
        write_tif(tmp_path / f"S2_{day}.tif", stored, scale=2.75e-5, offset=-0.2)
    expected = np.rint((stored * 2.75e-5 - 0.2) * 10_000)[:, :, :8]
    np.testing.assert_array_equal(load(tmp_path).reflectance, np.stack([expected] * 3))


@pytest.mark.parametrize("offset", [-1000, {"2021-01-01/..": -1000}])
def test_an_offset_asked_for_and_tagged_is_an_error(tmp_path, offset):
    write(tmp_path, scale=lambda new: 1e-4, offset=lambda new: -0.1)
    with pytest.raises(ValueError, match=r"asks for -1000, but band B02 is tagged .* offset -0.1"):
        load(tmp_path, offset=offset)


def test_tags_that_give_no_reflectance_are_an_error(tmp_path):
    write(tmp_path, scale=lambda new: 1e-4, offset=lambda new: -1000.0)
    with pytest.raises(ValueError, match=r"S2_20210601.tif: its values .* are no reflectance"):
        load(tmp_path)


@pytest.mark.parametrize(
    "offset",
    [
        {"2022-01-25/..": -1000},
        {"2022-01-25/2022-12-31": -1000, "../2022-01-24": 0},
        {"2022-02-01": -1000, "2022-03-01": -1000},
        {"village": {"2022-01-25/": -1000}},
        {"village": {"2022-01-25/": -1000}, "2021-01-01/..": 0},
    ],
)
def test_a_mapping_by_dates_and_place_overrules(tmp_path, offset):
    write(tmp_path / "village", "S2_{day}_N0301.tif")
    np.testing.assert_array_equal(load(tmp_path, offset=offset).reflectance, truth())


def test_what_is_asked_of_a_date():
    spans = {"../2022-01-24": 0, "2022-01-25/..": -1000}
    assert asked_offset(spans, "hills", "2022-01-24") == 0
    assert asked_offset({"hills": "auto", **spans}, "hills", "2022-01-24") is None
    assert asked_offset({"hills": 7}, "valley", "2022-01-24") is None
    with pytest.raises(ValueError, match=r"2022-01-25, by 2022-01-25/\.\. and 2022-01-25"):
        asked_offset({"2022-01-25/..": -1000, "2022-01-25": 0}, "hills", "2022-01-25")
    with pytest.raises(ValueError, match="offset names 2022-1-25/, but the places are hills"):
        check_places({"2022-1-25/": -1000}, ["hills"])


def test_one_offset_for_dates_without_it_is_refused(tmp_path):
    write(tmp_path)
    with pytest.raises(
        ValueError, match=r"half of a band on 2 dates 2021-06-01 to 2022-01-15 .* no such offset"
    ):
        load(tmp_path, offset=-1000)


def test_a_wrong_word_of_a_provider_is_warned_of(tmp_path, caplog):
    write(tmp_path, "S2_{day}_N0400.tif")
    load(tmp_path)
    assert (
        "product name N0400 takes off so much that half of a band on 2 dates 2021-06-01"
        in caplog.text
    )
    assert "darkest values of all bands jump by about 1,000 (+1" in caplog.text


def test_sources_that_contradict_each_other_are_named(tmp_path, caplog):
    write(
        tmp_path,
        "S2_{day}_{baseline}.tif",
        tags=lambda new: {"BOA_ADD_OFFSET": "-1000" if new else "0"},
    )
    load(tmp_path)
    assert "contradiction" not in caplog.text
    write_tif(tmp_path / "S2_20220301_N0400.tif", ground(3), tags={"BOA_ADD_OFFSET": "0"})
    np.testing.assert_array_equal(load(tmp_path).reflectance, truth())
    assert "BOA_ADD_OFFSET tag says 0 and counts, product name N0400 says -1000" in caplog.text


@pytest.mark.parametrize(
    ("text", "add"),
    [("0301", 0), ("04.00", -1000), ("0511", -1000), ("5.10", -1000), ("9999", None), ("x", None)],
)
def test_baselines(text, add):
    assert baseline_add(text) == add


def test_a_jump_is_one_of_all_bands():
    ends = {f"2022-01-0{day}": np.array([200.0, 400.0, 300.0, 1500.0]) for day in range(1, 5)}
    assert find_jumps(ends) == []
    cloud = ends | {"2022-01-03": np.array([3200.0, 3100.0, 3200.0, 2500.0])}
    assert find_jumps(cloud) == []
    later = {day: end + 1000 * (day >= "2022-01-03") for day, end in ends.items()}
    assert find_jumps(later) == [
        ("2022-01-02", "2022-01-03", 1000.0),
        ("2022-01-02", "2022-01-04", 1000.0),
    ]


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ([0.02, 0.3, 0.5, np.nan], 10_000),
        ([0.02, 0.3, 0.5, 0.1, 9999, 1e20, np.inf, -9999], 10_000),
        ([300, 2000, 1.5, 90, 4000], 1),
        ([np.nan], 10_000),
    ],
)
def test_the_unit_is_judged_by_most_values(values, unit):
    assert judge_unit(np.array(values), "x.tif") == unit


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([2.5, 30, 45, 1.2], r"x.tif: its values look like percent \(median 16\.2\)"),
        ([0.1, 0.2, 2000, 3000], "50% of its values look like reflectance in 0..1 and 50%"),
        ([2e-5, 3e-5, 8e-5], r"x.tif: its values \(2e-05 to 8e-05, .*\) are no reflectance"),
        ([-3, -4, -5], r"x.tif: its values \(-5 to -3, .*\) are no reflectance"),
    ],
)
def test_values_of_no_unit_are_an_error(values, message):
    with pytest.raises(ValueError, match=message):
        judge_unit(np.array(values, float), "x.tif")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("unit", [1, 10_000])
def test_float_reflectance_with_holes_and_outliers(tmp_path, dtype, unit):
    for number, day in enumerate(DAYS[:3]):
        values = ground(number) / dtype(10_000) * dtype(unit)
        values[2, 0, 0], values[:, 1, 1], values[1, 2, 2] = np.nan, np.inf, 1e20
        values[0, 3, 3] = 9999.0 * unit
        baseline = "N0400" if unit == 1 else "N0301"  # computed reflectance has no offset left
        write_tif(tmp_path / f"S2_{day}_{baseline}.tif", values.astype(dtype))
    expected = truth(3).astype(np.int16)
    expected[:, 2, 0, 0] = expected[:, :, 1, 1] = expected[:, 1, 2, 2] = FILL
    expected[:, 0, 3, 3] = FILL
    patch = load(tmp_path)
    np.testing.assert_array_equal(patch.reflectance, expected)
    assert patch.removed == {"fill of the type": 15, "impossible value": 6}


def test_percent_is_refused_in_floats_and_integers(tmp_path):
    for kind, dtype in (("floats", np.float32), ("integers", np.int16)):
        for day in DAYS[:3]:
            write_tif(tmp_path / kind / f"S2_{day}.tif", (ground(0) / 100).astype(dtype))
        with pytest.raises(ValueError, match="look like percent"):
            load(tmp_path / kind)


def test_a_picture_is_refused_in_the_right_words(tmp_path):
    for day in DAYS[:3]:
        write_tif(tmp_path / f"S2_{day}.tif", (ground(0) // 10).astype(np.uint8))
    with pytest.raises(ValueError, match=r"uint8 holds a picture .* as 16-bit integers"):
        load(tmp_path)


def test_the_summary_says_what_was_read(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    names = ("blue", "green", "red", "nir08")
    for number, day in enumerate(DAYS):
        new = NEW[number]
        values = ground(number, add=1000 * new)
        write_tif(tmp_path / f"S2_{day}_N0{4 if new else 3}00.tif", values, names)
    patch = load(tmp_path)
    assert patch.reading == {
        "files": 4,
        "bands": dict(zip(BANDS, names, strict=True)),
        "numbers": {
            "2021-06-01/2022-01-15": "x 1 +0 (product name N0300)",
            "2022-02-01/2022-03-01": "x 1 -1000 (product name N0400)",
        },
        "merged": {},
        "no_data": {},
        "mask": "none",
    }
    assert (
        "4 files, 4 of 4 dates with data, 2021-06-01 to 2022-03-01; bands B02 (blue)" in caplog.text
    )
