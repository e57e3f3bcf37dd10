"""Folders of dated GeoTIFFs, written small: 8 x 12 pixels on five dates."""

import logging
from dataclasses import replace

import numpy as np
import pytest
from cases.geotiffs import BANDS, UTM, ground, image, write_stack, write_tif
from rasterio.crs import CRS
from rasterio.transform import Affine

from pimc.data.patch import FILL
from pimc.data.stack.scenes import StackOptions, stack_scenes


def load(path, **options):
    defaults = {"patch_size": 8, "gap": 2}
    return stack_scenes(StackOptions(path=str(path), **(defaults | options)))


@pytest.fixture
def stack(tmp_path):
    return write_stack(tmp_path / "village")


def test_a_folder_is_cut_into_equal_windows_shifted_inward(stack):
    scenes = load(stack)
    assert list(scenes) == ["village_r000_c000", "village_r000_c004"]
    patch = scenes["village_r000_c004"]()
    expected = np.stack([image(day)[:, :, 4:] for day in range(5)])
    np.testing.assert_array_equal(patch.reflectance, expected)
    assert patch.dates.astype(str).tolist() == [f"2021-06-0{day}" for day in range(1, 6)]
    assert (patch.bands, patch.place, patch.origin) == (BANDS, "village", (0, 4))
    assert patch.labels is None
    assert patch.clear is None


def test_training_gap_and_held_out_ground_lie_along_the_longer_side(stack):
    first, second = (source().folds for source in load(stack).values())
    # 12 columns: 0.3 of them, 4, are held out behind a gap of 2; each patch owns 6
    assert first[0].tolist() == [1, 1, 1, 1, 1, 1, 0, 0]
    assert second[0].tolist() == [0, 0, 0, 0, 4, 4, 4, 4]
    assert (first == first[0]).all()


def test_georeference_is_the_patch_s_own(stack):
    reference = load(stack)["village_r000_c004"]().georeference
    assert reference.transform == (10, 0, 664040, 0, -10, 5612120)
    assert "UTM zone 31N" in reference.crs


def test_geographic_and_turned_grids_are_kept(tmp_path):
    turned = Affine(1e-4, 2e-5, 12.7, 3e-5, -1e-4, 42.0)
    write_stack(tmp_path / "hills", crs="EPSG:4326", transform=turned)
    reference = load(tmp_path / "hills", patch_size=4)["hills_r004_c008"]().georeference
    corner = turned @ (8, 4)
    np.testing.assert_allclose((reference.transform[2], reference.transform[5]), corner)
    assert reference.transform[:2] == (1e-4, 2e-5)
    assert "WGS 84" in reference.crs


def test_files_without_a_crs_have_no_georeference(tmp_path):
    write_stack(tmp_path / "plain", crs=None)
    assert load(tmp_path / "plain")["plain_r000_c000"]().georeference is None


def test_folders_are_places_and_the_smallest_sets_the_patch(tmp_path, caplog):
    write_stack(tmp_path / "large")
    for day in range(3):
        write_tif(tmp_path / f"small/{2021}-06-{day + 1:02d}.tif", image(day, height=5, width=10))
    (tmp_path / "notes").mkdir()
    caplog.set_level(logging.INFO)
    scenes = load(tmp_path)
    assert {source().reflectance.shape[2:] for source in scenes.values()} == {(5, 5)}
    assert [source().place for source in scenes.values()] == ["large"] * 6 + ["small"] * 2
    assert "patch_size 8 lowered to 5" in caplog.text
    assert "no dated GeoTIFF in folder notes, left alone" in caplog.text


def test_folders_beside_dated_files_are_named_and_left_alone(stack, caplog):
    write_stack(stack / "hamlet")
    assert {source.place.name for source in load(stack).values()} == {"village"}
    assert "it is one place; folders left alone: hamlet" in caplog.text


def test_undated_files_are_left_alone(stack, caplog):
    caplog.set_level(logging.INFO)
    write_tif(stack / "landcover.tif", image(0, bands=1), ("class",))
    write_tif(stack / "tile_20219999.tif", image(0, bands=1), ("class",))
    assert load(stack)["village_r000_c000"]().reflectance.shape == (5, 4, 8, 8)
    assert "landcover.tif has no date in its name, left alone" in caplog.text
    assert "tile_20219999.tif has no date in its name" in caplog.text


def test_bands_are_found_by_name_in_any_order(tmp_path):
    for day in range(3):
        values = image(day)[[3, 0, 2, 1]]
        write_tif(tmp_path / f"{2021}060{day + 1}.tif", values, ("b8", "B2", "B04", "B3"))
    patch = load(tmp_path, bands=("B04", "B02"))[f"{tmp_path.name}_r000_c000"]()
    np.testing.assert_array_equal(patch.reflectance[1], image(1)[[2, 0], :, :8])


def test_bands_without_descriptions_are_named_by_the_list(tmp_path):
    write_stack(tmp_path / "village", bands=None)
    with pytest.raises(ValueError, match=r"S2_20210601.tif: its 4 bands have no descriptions"):
        load(tmp_path)
    patch = load(tmp_path, band_names=("B08", "B04", "B03", "B02"))["village_r000_c000"]()
    np.testing.assert_array_equal(patch.reflectance[0], image(0)[::-1, :, :8])


def test_b8a_stands_in_for_b08_and_is_recorded(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    write_stack(tmp_path / "ribatejo", bands=("B02", "B03", "B04", "B8A"))
    patch = load(tmp_path)["ribatejo_r000_c000"]()
    assert patch.bands == BANDS
    assert patch.substitutions == {"B08": "B8A"}
    np.testing.assert_array_equal(patch.reflectance[2], image(2)[:, :, :8])
    assert "place ribatejo has no B08: B8A stands in for it" in caplog.text


@pytest.mark.parametrize(
    ("name", "codes", "clear_codes"), [("CLOUD", 4, {0}), ("scl", 12, {4, 5, 6, 7})]
)
def test_mask_bands_say_what_is_clear(tmp_path, name, codes, clear_codes):
    for day in range(3):
        values = image(day, bands=5)
        values[4] = (np.arange(12)[None, :] + day) % codes
        write_tif(tmp_path / f"village/2021060{day + 1}.tif", values, (*BANDS, name))
    patch = load(tmp_path)["village_r000_c004"]()
    for day in range(3):
        expected = [(col + day) % codes in clear_codes for col in range(4, 12)]
        assert patch.clear[day, 3].tolist() == expected
    assert patch.reflectance.shape[1] == 4
    assert load(tmp_path, mask=None)["village_r000_c004"]().clear is None


def test_a_mask_asked_for_by_name_must_be_there(stack):
    with pytest.raises(ValueError, match=r"place village: mask band SCL is missing; .*B02, B03"):
        load(stack, mask="SCL")


def test_no_data_becomes_fill_and_empty_dates_are_dropped(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    folder = write_stack(tmp_path / "village", nodata=-9999)
    holes = image(1)
    holes[2, 0, 0] = -9999
    holes[:, 1, 1] = 0
    holes[0, 2, 2] = 0
    write_tif(folder / "S2_20210602.tif", holes, nodata=-9999)
    write_tif(folder / "S2_20210603.tif", np.full((4, 8, 12), -9999, np.int16), nodata=-9999)
    write_tif(folder / "S2_20210610.tif", np.full((4, 8, 12), 65_535, np.uint16))
    write_tif(folder / "S2_20210611.tif", np.zeros((4, 8, 12), np.int16))
    patch = load(tmp_path)["village_r000_c000"]()
    assert patch.dates.astype(str).tolist() == [f"2021-06-0{day}" for day in (1, 2, 4, 5)]
    assert patch.reflectance[1, :, 0, 0].tolist() == [1001, 1201, FILL, 1601]
    assert (patch.reflectance[1, :, 1, 1] == FILL).all()
    assert patch.reflectance[1, 0, 2, 2] == 0
    assert "3 of 7 dates are empty, dropped: 2021-06-03, 2021-06-10, 2021-06-11" in caplog.text


def test_a_window_that_a_date_does_not_reach_drops_that_date_alone(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    folder = write_stack(tmp_path / "swath")
    for day in range(3):
        values = image(day)
        values[:, :, 4:] = 0
        write_tif(folder / f"S2_202106{day + 1:02d}.tif", values)
    scenes = load(folder, patch_size=4)
    assert len(scenes["swath_r000_c000"]().dates) == 5
    # two dates are too few for a series
    assert list(scenes) == ["swath_r000_c000", "swath_r004_c000"]
    assert "swath_r000_c004 left out: data on 2 dates only" in caplog.text


def test_offsets_are_added_by_place(tmp_path):
    for place, add in (("old", 0), ("new", 1000)):
        for day in range(3):
            write_tif(tmp_path / f"{place}/2021060{day + 1}.tif", ground(day, add=add))
    scenes = load(tmp_path, offset={"new": -1000})
    for place in ("old", "new"):
        for day, read in enumerate(scenes[f"{place}_r000_c000"]().reflectance):
            np.testing.assert_array_equal(read, ground(day)[:, :, :8])
    with pytest.raises(ValueError, match="offset names newer, but the places are new, old"):
        load(tmp_path, offset={"newer": -1000})


def test_new_l2a_without_an_offset_is_warned_of(tmp_path, caplog):
    for day in range(3):
        write_tif(tmp_path / f"2023060{day + 1}.tif", ground(day, add=1000))
    load(tmp_path)
    assert "set offset to -1000 if these are L2A files" in caplog.text
    caplog.clear()
    load(tmp_path, offset=-1000)
    assert "WARNING" not in {each.levelname for each in caplog.records}


def test_dates_in_other_spellings_and_by_pattern(tmp_path):
    names = ("S2A_MSIL2A_20210601T112111_N0300.tif", "s2-2021-06-02.TIF", "x_2021_06_03.tiff")
    for day, name in enumerate(names):
        write_tif(tmp_path / name, image(day))
    name = f"{tmp_path.name}_r000_c000"
    dates = load(tmp_path)[name]().dates.astype(str).tolist()
    assert dates == ["2021-06-01", "2021-06-02", "2021-06-03"]
    write_tif(tmp_path / "v20200101_of_20210604.tif", image(3))
    with pytest.raises(ValueError, match=r"2020-01-01, 2021-06-04\): .* by date_pattern in conf"):
        load(tmp_path)
    for new, old in {"20210601.tif": names[0], "20210602.tif": names[1]}.items():
        (tmp_path / old).rename(tmp_path / f"v1_of_{new}")
    patch = load(tmp_path, date_pattern=r"of_(\d{8})")[name]()
    assert patch.dates.astype(str).tolist() == ["2021-06-01", "2021-06-02", "2021-06-04"]


def test_fingerprints_change_with_files_and_options(tmp_path):
    stack = tmp_path / "village"
    for day in range(3):
        write_tif(stack / f"S2_2021060{day + 1}.tif", ground(day, add=1000))
    before = [source.fingerprint for source in load(stack).values()]
    assert before == [source.fingerprint for source in load(stack).values()]
    assert len(set(before)) == 2
    for options in ({"offset": -1000}, {"bands": ("B08",)}, {"gap": 3}):
        assert not set(before) & {source.fingerprint for source in load(stack, **options).values()}
    write_tif(stack / "S2_20210603.tif", image(7), compress="deflate")
    assert not set(before) & {source.fingerprint for source in load(stack).values()}


def test_fingerprints_change_with_the_dates_read_from_one_name(tmp_path):
    for day in range(3):
        write_tif(tmp_path / f"2020010{day + 1}_of_2021060{day + 1}.tif", image(day))
    first, second = (
        {source.fingerprint for source in load(tmp_path, date_pattern=pattern).values()}
        for pattern in (r"^\d{8}", r"\d{8}$")
    )
    assert not first & second


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no stack folder at .*/nowhere: point the path"):
        load(tmp_path / "nowhere")


def test_a_folder_without_dated_files_is_an_error(tmp_path):
    write_tif(tmp_path / "landcover.tif", image(0))
    with pytest.raises(FileNotFoundError, match=r"no dated GeoTIFF in .* such as S2_20210514.tif"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("height", "profile", "difference"),
    [
        (9, {}, r"\(9, 12\) rows and columns, not \(8, 12\)"),
        (8, {"crs": "EPSG:32632"}, r"CRS PROJCS.*zone 32N.*, not PROJCS.*zone 31N"),
        (8, {"crs": None}, "CRS None, not PROJCS"),
        (8, {"transform": UTM @ Affine.translation(1, 0)}, r"transform \(10.0, 0.0, 664010.0"),
        # a thousandth of a pixel, twelve times
        (8, {"transform": UTM @ Affine.scale(1.0005)}, r"transform \(10.00"),
    ],
)
def test_a_file_on_another_grid_names_both(stack, height, profile, difference):
    write_tif(stack / "S2_20210603.tif", image(2, height=height), **profile)
    with pytest.raises(
        ValueError,
        match=rf"S2_20210603.tif is on another grid than .*S2_20210601.tif: {difference}",
    ):
        load(stack)


def test_rounding_of_a_transform_is_no_other_grid(stack):
    write_tif(stack / "S2_20210603.tif", image(2), transform=UTM @ Affine.translation(1e-5, 0))
    assert len(load(stack)) == 2


def test_another_wording_of_a_crs_is_no_other_grid(stack):
    wkt2 = CRS.from_epsg(32631).to_wkt(version="WKT2_2019")
    grid = load(stack)["village_r000_c000"].place.grid
    assert grid.crs != wkt2
    assert grid.difference(replace(grid, crs=wkt2)) is None


def test_too_few_files_are_an_error(tmp_path):
    write_stack(tmp_path / "village", days=2)
    with pytest.raises(ValueError, match=r"place village, dated files .*: too few dates: .* got 2"):
        load(tmp_path)


def test_too_few_dates_with_data_are_an_error(tmp_path):
    write_stack(tmp_path / "village", days=4)
    for day in (1, 2):
        write_tif(tmp_path / f"village/S2_2021060{day}.tif", np.zeros((4, 8, 12), np.int16))
    with pytest.raises(ValueError, match=r"place village: too few dates: .* got 2"):
        load(tmp_path)


def test_a_missing_band_names_place_and_bands(stack):
    with pytest.raises(
        ValueError, match=r"place village: band B11 is missing; .*: B02, B03, B04, B08"
    ):
        load(stack, bands=("B02", "B11"))


def test_a_truncated_file_is_named(stack):
    path = stack / "S2_20210603.tif"
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(ValueError, match=r"S2_20210603.tif: .* download it again"):
        load(stack)


def test_ground_too_small_to_split_names_the_place(stack):
    with pytest.raises(
        ValueError, match=r"place village: a place of 8 x 12 pixels cannot be split"
    ):
        load(stack, gap=17)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bands": ("B2",)}, "bands must be different names such as B02 or B8A, got B2"),
        ({"bands": ("B02", "B02")}, "bands must be different names"),
        ({"held_out": 1}, r"held_out in \[0, 1\), got 96, 17 and 1"),
        ({"mask": "clouds"}, "mask must be auto, SCL, CLOUD, .* or null, got 'clouds'"),
        ({"offset": "-1000"}, "offset must be whole numbers such as 0 or -1000, got -1000"),
        ({"date_pattern": "("}, "is no regular expression"),
        ({"offset": {"2022-01-25/..": True}}, "offset must be whole numbers"),
        ({"cloud_threshold": 0.0}, r"cloud_threshold must be in \(0, 100\], got 0"),
        ({"resampling": "average"}, "resampling must be nearest, bilinear, cubic, got 'average'"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        StackOptions(path="", **options)
