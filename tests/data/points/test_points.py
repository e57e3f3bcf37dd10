"""Labelled pixel series: six pixels in three blocks of two regions."""

import numpy as np
import pandas as pd
import pytest

from pimc.data.patch import FILL
from pimc.data.points.scenes import PointOptions, block_folds, point_scenes

CLASSES = ("corn", "rice", "soybean")
LONLAT = np.array(
    # two pixels in one block of 0.25 degrees, one in the block north of it, three far off
    [
        [-90.70, 35.30],
        [-90.60, 35.49],
        [-90.70, 35.51],
        [120.1, -0.1],
        [120.2, -0.2],
        [120.0, -0.01],
    ]
)


def entries(**changes):
    pixel, time, band = np.mgrid[:6, :4, :2]
    given = {
        "reflectance": (1000 * (pixel + 1) + 100 * time + band).astype(np.int16),
        "bands": np.array(["B04", "B08"]),
        "lonlat": LONLAT,
        "label": np.array(["rice", "corn", "soybean", "corn", "corn", "rice"]),
        "region": np.array(["delta"] * 3 + ["island"] * 3),
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def load(folder, changes=None, **options):
    path = folder / "points.npz"
    np.savez(path, **entries(**(changes or {})))
    defaults = {"classes": CLASSES, "start": "2021-01-01"}
    return point_scenes(PointOptions(path=str(path), **(defaults | options)))


def test_a_block_is_a_patch_one_pixel_wide(tmp_path):
    scenes = load(tmp_path)
    assert list(scenes) == ["delta_r+141_c-363", "delta_r+142_c-363", "island_r-001_c+480"]
    patch = scenes["delta_r+141_c-363"]()
    assert patch.reflectance.shape == (4, 2, 2, 1)
    assert patch.reflectance[:, 0, :, 0].tolist() == [
        [1000, 2000],
        [1100, 2100],
        [1200, 2200],
        [1300, 2300],
    ]
    assert patch.reflectance[3, 1, 1, 0] == 2301
    assert patch.dates.astype(str).tolist() == [
        "2021-01-01",
        "2021-01-11",
        "2021-01-21",
        "2021-01-31",
    ]
    assert patch.bands == ("B04", "B08")
    assert patch.place == "delta"
    assert patch.labels.tolist() == [[1], [0]]
    assert patch.georeference is None


def test_pixels_of_a_region_follow_one_another_in_its_grid(tmp_path):
    assert [source().origin for source in load(tmp_path).values()] == [(0, 0), (2, 0), (0, 0)]


def test_no_data_is_fill_and_dates_without_any_are_dropped(tmp_path):
    values = entries()["reflectance"]
    values[0, 1, 0] = 0
    values[:2, 2] = FILL
    patch = load(tmp_path, {"reflectance": values})["delta_r+141_c-363"]()
    assert patch.dates.astype(str).tolist() == ["2021-01-01", "2021-01-11", "2021-01-31"]
    assert patch.reflectance[1, :, 0, 0].tolist() == [FILL, 1101]


def test_pixels_without_any_data_are_dropped(tmp_path, caplog):
    caplog.set_level("INFO")
    values = entries()["reflectance"]
    values[2] = 0
    assert "delta_r+142_c-363" not in load(tmp_path, {"reflectance": values})
    assert "1 of 6 pixels have no data, dropped" in caplog.text


def test_dates_may_come_from_the_file(tmp_path):
    dates = np.array(["2020-02-01", "2020-02-03", "2020-03-01", "2020-04-01"])
    patch = load(tmp_path, {"dates": dates}, start=None)["delta_r+142_c-363"]()
    assert patch.dates.astype(str).tolist() == dates.tolist()


def test_labels_may_be_codes_or_unknown(tmp_path):
    codes = np.array([2, 0, 1, 0, 0, 2])
    assert load(tmp_path, {"label": codes})["delta_r+141_c-363"]().labels.tolist() == [[2], [0]]
    assert load(tmp_path, {"label": None})["delta_r+141_c-363"]().labels is None
    assert load(tmp_path, classes=None)["delta_r+141_c-363"]().labels is None


def test_regions_are_chosen_by_name_and_default_to_the_file_s(tmp_path):
    assert list(load(tmp_path, regions=("island",))) == ["island_r-001_c+480"]
    assert next(iter(load(tmp_path, {"region": None}))).startswith("points_")


def test_pixels_are_named_by_their_place_in_the_table_wherever_they_are_dealt(tmp_path):
    values = entries()["reflectance"]
    values[3] = 0  # has no data and is dropped; its number stays its own
    scenes = load(tmp_path, {"reflectance": values}, regions=("island",))
    names = scenes["island_r-001_c+480"].name_pixels()
    assert names["number"].tolist() == [4, 5] and set(names["of"]) == {6}
    assert names["row"].tolist() == [0, 1] and set(names["col"]) == {0}
    np.testing.assert_array_equal(names[["lon", "lat"]], LONLAT[[4, 5]])
    assert "id" not in names


def test_pixels_of_rows_are_named_by_their_ids_and_have_no_order(tmp_path):
    frame = pd.DataFrame({"pixel": np.repeat(["b", "a", "007"], 3), "block": "one", "B04": 500})
    frame["date"] = ["2021-05-01", "2021-05-06", "2021-05-11"] * 3
    frame.to_parquet(tmp_path / "p.parquet")
    (source,) = point_scenes(PointOptions(path=str(tmp_path / "p.parquet"))).values()
    names = source.name_pixels()
    assert names["id"].tolist() == ["007", "a", "b"]
    assert sorted(names) == ["col", "id", "row"]


def test_fingerprints_change_with_options(tmp_path):
    path = tmp_path / "points.npz"
    np.savez(path, **entries())
    options = PointOptions(path=str(path), classes=CLASSES, start="2021-01-01")
    before = [source.fingerprint for source in point_scenes(options).values()]
    assert before == [source.fingerprint for source in point_scenes(options).values()]
    later = PointOptions(path=str(path), classes=CLASSES, start="2022-01-01")
    assert not set(before) & {source.fingerprint for source in point_scenes(later).values()}


def test_blocks_are_whole_and_every_region_is_spread_evenly():
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 9, (3000, 2))
    # the regions touch: some blocks hold pixels of both
    regions = np.where(keys[:, 0] + rng.integers(0, 2, 3000) < 5, "north", "south")
    folds = block_folds(keys, regions)
    for block in np.unique(keys, axis=0):
        assert len(set(folds[(keys == block).all(axis=1)].tolist())) == 1
    for region in ("north", "south"):
        shares = np.bincount(folds[regions == region], minlength=6)[1:] / (regions == region).sum()
        assert (abs(shares - 0.2) < 0.05).all()


def test_folds_of_a_region_do_not_hang_on_the_others_or_on_the_order():
    keys = np.random.default_rng(1).integers(0, 6, (500, 2))
    keys[250:] += 100
    regions = np.repeat(["north", "south"], 250)
    folds = block_folds(keys, regions)
    np.testing.assert_array_equal(block_folds(keys[250:], regions[250:]), folds[250:])
    order = np.random.default_rng(2).permutation(500)
    np.testing.assert_array_equal(block_folds(keys[order], regions[order]), folds[order])


def test_largest_blocks_go_to_the_emptiest_folds(caplog):
    # five blocks of 5, 4, 3, 2 and 1 pixels, then one of 1: it joins the smallest
    keys = np.repeat([[0, 0], [0, 1], [0, 2], [0, 3], [0, 4], [0, 5]], [5, 4, 3, 2, 1, 1], axis=0)
    folds = block_folds(keys, np.full(16, "delta"))
    assert folds.tolist() == [1] * 5 + [2] * 4 + [3] * 3 + [4] * 2 + [5, 5]
    block_folds(keys[:9], np.full(9, "delta"))
    assert "region delta has 2 blocks for 5 folds" in caplog.text


def test_a_label_outside_the_classes_names_label_and_list(tmp_path):
    with pytest.raises(
        ValueError, match=r"points.npz: label soybean is not in classes \(corn, rice\)"
    ):
        load(tmp_path, classes=("corn", "rice"))
    with pytest.raises(ValueError, match=r"label -1, 3 is not in classes"):
        load(tmp_path, {"label": np.array([0, 1, 2, 3, -1, 0])})


def test_an_unknown_region_names_the_known(tmp_path):
    with pytest.raises(ValueError, match=r"regions valley are not .* which has delta, island"):
        load(tmp_path, regions=("delta", "valley"))


def test_missing_and_foreign_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no table of pixel series at .*nowhere.npz"):
        point_scenes(PointOptions(path=str(tmp_path / "nowhere.npz")))
    (tmp_path / "points.xlsx").write_text("pixel")
    with pytest.raises(
        ValueError, match=r"points.xlsx: expected a table .* .npz, .parquet or .csv"
    ):
        point_scenes(PointOptions(path=str(tmp_path / "points.xlsx")))


def test_a_table_may_name_its_blocks(tmp_path):
    frame = pd.DataFrame(
        {
            "pixel": np.repeat(np.arange(6), 3),
            "date": ["2021-05-01", "2021-05-06", "2021-05-11"] * 6,
            "block": np.repeat(["31/TFJ", "31/TFJ", "30UXV", "30UXV", "32ULU", "32ULU"], 3),
            "B04": 500 + np.arange(18),
        }
    )
    frame.to_parquet(tmp_path / "p.parquet")
    scenes = point_scenes(PointOptions(path=str(tmp_path / "p.parquet")))
    assert list(scenes) == ["p_30UXV", "p_31%2FTFJ", "p_32ULU"]
    patch = scenes["p_31%2FTFJ"]()
    assert patch.reflectance[:, 0, :, 0].T.tolist() == [[500, 501, 502], [503, 504, 505]]
    assert {int(source().folds[0, 0]) for source in scenes.values()} == {1, 2, 3}


def test_the_log_says_what_was_read(tmp_path, caplog):
    caplog.set_level("INFO")
    values = entries()["reflectance"].astype(float)
    values[0, 0, 0], values[1, 1, 1], values[2, 0, 0] = np.inf, -9999, 0
    load(tmp_path, {"reflectance": values, "zone": np.arange(6)}, regions=("delta",))
    assert (
        "3 pixels; 4 dates 2021-01-01 to 2021-01-31; bands B04 B08; 100% of pixels and dates "
        "observed; lon -90.70 to -90.60, lat 35.30 to 35.51; missing values: 1 not finite, "
        "1 no data (0, -32768), 1 no possible reflectance; left alone: zone; 2 blocks"
    ) in caplog.text


def test_too_few_dates_are_an_error(tmp_path):
    values = entries()["reflectance"]
    values[:, 1:3] = 0
    with pytest.raises(ValueError, match=r"points.npz: too few dates: .* at least 3 .* got 2"):
        load(tmp_path, {"reflectance": values})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"block_degrees": 0}, "expected block_degrees > 0 and step >= 1 day, got 0 and 10"),
        ({"classes": ("corn", "corn")}, "classes must be 1 to 255 different names"),
        ({"classes": ()}, "classes must be 1 to 255 different names"),
        ({"scale": 0}, "scale, the stored value of reflectance 1, is > 0, got 0"),
        ({"columns": {"latitude": "y"}}, r"columns may name id, date, .* B12; got latitude"),
        ({"clear": (0,), "cloudy_above": 40}, "codes .* or a probability"),
        ({"start": "spring"}, "start must be an ISO date such as 2021-01-01, got spring"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        PointOptions(path="", **options)
