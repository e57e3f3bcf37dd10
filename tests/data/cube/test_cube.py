"""What cubes say of themselves, and what is refused."""

import logging
import re
import sys

import numpy as np
import pytest
import xarray as xr
from cases.cubes import DAYS, HEIGHT, OPTIONS, WIDTH, centres, clouds, dataset, images, save, times
from cases.geotiffs import BANDS

from pimc.data.cube.scenes import CubeOptions, cube_scenes
from pimc.data.patch import FILL


def read(path, **options):
    """The first patch of a cube, which begins at its first pixel."""
    return next(iter(cube_scenes(CubeOptions(str(path), **OPTIONS, **options)).values()))()


def first(values):
    """The part of 5 x ... x 20 x 24 values that the first patch has, fill where all are 0."""
    part = values[..., :16, :16].astype(np.int16)
    return np.where((part == 0).all(axis=1, keepdims=True), FILL, part)


def refuse(path, match, error=ValueError, **options):
    with pytest.raises(error, match=match):
        read(path, **options)


def test_images_of_one_day_are_merged_valid_first(tmp_path):
    cube = dataset(images() + 50)  # no pixel is 0
    again = cube.isel(time=[0]).assign_coords(time=cube.time[[0]] + np.timedelta64(7, "s"))
    cube["B02"][0, :4] = 0
    for band in BANDS[1:]:
        cube[band][0, :4] = 0
        again[band] += 7
    again["B02"] += 7
    patch = read(save(xr.concat([cube, again], "time", data_vars="minimal"), tmp_path / "a.nc"))
    assert [str(day) for day in patch.dates] == list(DAYS)
    later, earlier = first(images() + 57)[0], first(images() + 50)[0]
    np.testing.assert_array_equal(patch.reflectance[0, :, :4], later[:, :4])
    np.testing.assert_array_equal(patch.reflectance[0, :, 4:], earlier[:, 4:])


def test_times_keep_the_day_that_is_written(tmp_path):
    days = np.arange(5) * 5
    local = {"units": "days since 2021-06-01 00:00:00 +02:00", "calendar": "standard"}
    cube = dataset().assign_coords(time=("time", days, local))
    assert [str(day) for day in read(save(cube, tmp_path / "a.nc")).dates] == list(DAYS)
    cube = dataset().assign_coords(time=[f"{day}T00:00:00+02:00" for day in DAYS])
    assert [str(day) for day in read(save(cube, tmp_path / "b.nc")).dates] == list(DAYS)


def test_times_out_of_order_are_sorted(tmp_path):
    cube = dataset().isel(time=[3, 0, 4, 1, 2])
    patch = read(save(cube, tmp_path / "a.nc"))
    assert [str(day) for day in patch.dates] == list(DAYS)
    np.testing.assert_array_equal(patch.reflectance, first(images()))


def test_integers_take_the_offset_of_their_baseline(tmp_path):
    # one date is of a baseline that adds 1,000, as the property beside its time says
    values = images().astype(np.int32)
    values[3] += 1000
    cube = dataset(values.astype(np.uint16))
    baselines = ["02.14", "03.00", "03.01", "04.00", "03.01"]
    beside = cube.assign_coords({"s2:processing_baseline": ("time", baselines)})
    patch = read(save(beside, tmp_path / "a.nc"))
    np.testing.assert_array_equal(patch.reflectance, first(images()))
    assert patch.reading["numbers"]["2021-06-16"].startswith("x 1 -1000 (s2:processing_baseline")


def test_computed_reflectance_takes_no_offset(tmp_path):
    cube = dataset(np.where(images() == 0, np.nan, images() / 10_000))
    beside = cube.assign_coords({"s2:processing_baseline": ("time", ["04.00"] * 5)})
    patch = read(save(beside, tmp_path / "a_N0400.nc"))
    np.testing.assert_array_equal(patch.reflectance, first(images()))


def test_an_offset_that_was_taken_off_twice_is_warned_about(tmp_path, caplog):
    # what stackstac's rescale makes of items whose offset was removed already
    cube = dataset(np.where(images() == 0, np.nan, images() / 10_000 - 0.1))
    path = save(cube, tmp_path / "a.nc")
    read(path)
    assert "5 dates 2021-06-01 to 2021-06-21 has a reflectance x 10,000 below -200" in caplog.text
    caplog.clear()
    patch = read(path, offset=1000)
    np.testing.assert_array_equal(patch.reflectance, first(images()))
    assert "below -200" not in caplog.text


def test_floats_that_hold_stored_values_are_not_scaled(tmp_path):
    # what xarray writes when it masks integers of reflectance x 10,000
    cube = dataset(np.where(images() == 0, np.nan, images()))
    np.testing.assert_array_equal(read(save(cube, tmp_path / "a.nc")).reflectance, first(images()))


def test_a_scale_and_an_offset_asked_for_are_refused_together(tmp_path):
    path = save(dataset(scale_factor=1e-4), tmp_path / "a.nc")
    refuse(path, "a.nc/B02: offset asks for -1000, but band B02 is tagged with", offset=-1000)


def test_all_that_means_no_data_is_no_data(tmp_path):
    values = images().astype(np.int16)
    values[0, 0, 0, 0], values[0, 1, 0, 1] = -9_999, -32_768
    values[0, 2, 0, 2], values[0, 3, 0, 3] = -1, 20_000
    said = {
        "_FillValue": np.int16(-9_999),
        "missing_value": np.int16(-1),
        "valid_range": np.array([-500, 16_000], np.int16),
    }
    patch = read(save(dataset(values, **said), tmp_path / "a.nc"))
    expected = first(images())
    for position in range(4):
        expected[0, position, 0, position] = FILL
    np.testing.assert_array_equal(patch.reflectance, expected)
    assert patch.removed["no-data value"] == 4


def test_signed_bytes_that_count_as_unsigned(tmp_path):
    codes = clouds()
    codes[0, 0, 0] = 255
    said = {"_Unsigned": "true", "_FillValue": np.int8(-1)}
    cube = dataset().assign(SCL=(("time", "y", "x"), codes.view(np.int8), said))
    patch = read(save(cube, tmp_path / "a.nc"))
    assert not patch.clear[0, 0, 0]
    np.testing.assert_array_equal(patch.clear, codes[:, :16, :16] == 4)


def test_a_mask_of_data_without_times_holds_for_all(tmp_path):
    mask = np.ones((HEIGHT, WIDTH), np.uint8)
    mask[10:] = 0
    cube = dataset().assign(dataMask=(("y", "x"), mask))
    patch = read(save(cube, tmp_path / "a.zarr"))
    expected = first(images())
    expected[:, :, 10:] = FILL
    np.testing.assert_array_equal(patch.reflectance, expected)
    assert patch.removed["mask of data"] == 5 * 4 * 6 * 16


@pytest.mark.parametrize(
    ("name", "codes"), [("s2_mask", (1, 2, 3, 4)), ("cloud_mask", (1, 2, 3, 1))]
)
def test_a_cloud_mask_of_codes(name, codes, tmp_path):
    # floats, as NaN stands where nothing was seen
    values = np.zeros((5, HEIGHT, WIDTH), np.float32)
    values[1, 0, :5] = [*codes, np.nan]
    cube = dataset().drop_vars("SCL").assign({name: (("time", "y", "x"), values)})
    patch = read(save(cube, tmp_path / "a.nc"))
    np.testing.assert_array_equal(patch.clear, values[:, :16, :16] == 0)


def test_bands_that_are_numbered_need_names(tmp_path):
    y, x = centres()
    axes = {"time": times(), "band": [1, 2, 3, 4], "y": y, "x": x}
    cube = xr.DataArray(images(), axes, ("time", "band", "y", "x"), "values").to_dataset()
    path = save(cube.rio.write_crs("EPSG:32631"), tmp_path / "a.nc")
    refuse(path, r"'1', '2', '3', '4'.*list their names in band_names")
    names = {"4": "B02", "3": "B03", "2": "B04", "1": "B08"}
    patch = read(path, band_names=names)
    np.testing.assert_array_equal(patch.reflectance, first(images())[:, ::-1])
    cube["values"].attrs["long_name"] = ["blue", "green", "red", "nir"]
    path = save(cube.rio.write_crs("EPSG:32631"), tmp_path / "b.nc")
    np.testing.assert_array_equal(read(path).reflectance, first(images()))


def test_names_that_are_given(tmp_path):
    cube = dataset().assign(l8_red=lambda each: each.B04 + 1)
    path = save(cube, tmp_path / "a.nc")
    refuse(path, "band B04 is there twice")
    patch = read(path, band_names={"l8_red": None})
    np.testing.assert_array_equal(patch.reflectance, first(images()))
    refuse(path, "band_names names B4, but the cube has B02", band_names={"B4": "B04"})
    refuse(
        path, "is B03 by band_names, but the file describes it as B02", band_names={"B02": "B03"}
    )


def test_several_cubes_of_a_place(tmp_path):
    cube = dataset()
    save(cube.isel(time=[0, 1]), tmp_path / "farm" / "early.nc")
    save(cube.isel(time=[2, 3, 4]), tmp_path / "farm" / "late.zarr")
    scenes = cube_scenes(CubeOptions(str(tmp_path), **OPTIONS))
    patch = scenes["farm_r000_c000"]()
    np.testing.assert_array_equal(patch.reflectance, first(images()))
    assert (patch.place, patch.reading["files"]) == ("farm", 2)


def test_cubes_of_a_place_on_other_grids(tmp_path):
    cube = dataset(images() + 50)
    save(cube.isel(time=[0, 1, 2]), tmp_path / "farm" / "a.nc")
    later = cube.isel(time=[3, 4], x=slice(2, None), y=slice(1, None))
    save(later, tmp_path / "farm" / "b.nc")
    refuse(tmp_path, r"b\.nc/B02 is on another grid than .*a\.nc/B02: .* set grid: first")
    patch = read(tmp_path, grid="first")
    expected = first(images() + 50)
    expected[3:, :, :1], expected[3:, :, :, :2] = FILL, FILL
    np.testing.assert_array_equal(patch.reflectance, expected)
    assert patch.removed["outside the file"] == 2 * 4 * (16 + 2 * 15)


def test_a_cube_a_date(tmp_path):
    for at, day in enumerate(DAYS):
        save(dataset().isel(time=at, drop=True), tmp_path / "farm" / f"S2_{day}.nc")
    patch = next(iter(cube_scenes(CubeOptions(str(tmp_path), **OPTIONS)).values()))()
    np.testing.assert_array_equal(patch.reflectance, first(images()))


def test_each_cube_of_a_folder_is_a_place(tmp_path):
    for name in ("a.nc", "b.zarr"):
        save(dataset(), tmp_path / name)
    scenes = cube_scenes(CubeOptions(str(tmp_path), **OPTIONS))
    assert {name.partition("_")[0] for name in scenes} == {"a", "b"}
    save(dataset(), tmp_path / "a.zarr")
    refuse(tmp_path, "a.zarr and a.nc would both be the place a")


def test_only_the_window_of_a_patch_is_read(tmp_path):
    path = tmp_path / "a.zarr"
    chunks = {name: {"chunks": (1, 16, 16)} for name in BANDS}
    dataset().to_zarr(path, encoding=chunks, zarr_format=2)
    scenes = cube_scenes(CubeOptions(str(path), **OPTIONS))
    (path / "B02" / "0.1.1").write_bytes(b"cut off")
    np.testing.assert_array_equal(scenes["a_r000_c000"]().reflectance, first(images()))
    with pytest.raises(ValueError, match=r"a\.zarr/B02: expected pixels that can be read"):
        scenes["a_r004_c008"]()


def test_the_fingerprint_follows_the_content_of_a_store(tmp_path):
    def fingerprints():
        options = CubeOptions(str(tmp_path / "a.zarr"), **OPTIONS)
        return {source.fingerprint for source in cube_scenes(options).values()}

    save(dataset(), tmp_path / "a.zarr")
    before = fingerprints()
    assert before == fingerprints()
    dataset(images() + 50).to_zarr(tmp_path / "a.zarr", mode="w")
    assert not before & fingerprints()


def test_what_was_read_is_logged_in_a_line(tmp_path, caplog):
    path = save(dataset(scale_factor=1e-4), tmp_path / "a.nc")
    with caplog.at_level(logging.INFO):
        read(path)
    (line,) = [each.getMessage() for each in caplog.records if "dates with data" in each.message]
    assert re.match(
        r"place a: 1 files, 5 of 5 dates with data, 2021-06-01 to 2021-06-21; bands B02 \(B02\), .*"
        r"stored values x 1 \+0 \(scale and offset tags\) on 2021-06-01/2021-06-21; "
        r"values missing: 0 in all bands .*; cloud mask: SCL, clear where 4, 5, 6, 7",
        line,
    )


def geographic(y, x):
    degrees = {"y": y + np.arange(HEIGHT) * 1e-4, "x": x + np.arange(WIDTH) * 1e-4}
    return dataset(crs=None).assign_coords(degrees).rename(y="lat", x="lon")


def test_degrees_are_known_by_the_names_of_their_axes(tmp_path):
    patch = read(save(geographic(48.0, 11.0), tmp_path / "a.nc"))
    assert 'AUTHORITY["EPSG","4326"]' in patch.georeference.crs
    # rows from south to north in the file: the first of a patch is the northernmost
    np.testing.assert_allclose(patch.georeference.transform[5], 48 + 19.5e-4)
    np.testing.assert_array_equal(patch.reflectance, first(images()[..., ::-1, :]))


@pytest.mark.parametrize(
    ("cube", "options", "match"),
    [
        (dataset(crs="EPSG:4326"), {}, "CRS is in degrees, but its coordinates go to x 664240"),
        (geographic(48.0, 190.0), {}, "which look like metres or like 0..360"),
        (
            geographic(48.0, 11.0).rename(lat="y", lon="x"),
            {"crs": "EPSG:32632"},
            "look like degrees",
        ),
        (dataset(), {"crs": "EPSG:32632"}, "crs says EPSG:32632, the cube EPSG:32631"),
        (dataset(), {"crs": "nowhere"}, "option crs, is not understood"),
        (dataset(images() / 100), {}, "look like percent"),
        (dataset(units="%"), {}, "unit is percent"),
        (dataset((images() // 50).astype(np.uint8)), {}, "uint8 holds a picture"),
        (dataset((images() // 100).astype(np.int16)), {}, "they look like percent"),
        (dataset().drop_vars("B08"), {}, "band B08 is missing; available in all its files: B02"),
        (dataset().drop_vars("y"), {}, "expected dimensions y and x .* with a coordinate each"),
        (dataset().drop_vars("time"), {}, "expected a dimension time with a coordinate of dates"),
        (dataset().isel(time=[0, 1]), {}, "too few dates"),
        (dataset().isel(x=[0, 1, *range(4, 24)]), {}, "coordinate x is not evenly spaced"),
        (dataset().expand_dims(orbit=[1, 2], level=[1, 2]), {}, "has dimensions orbit, level"),
        (
            dataset().assign(B02=lambda cube: cube.B02[0, :, :].drop_vars("time")),
            {},
            "reflectance without",
        ),
        (dataset(valid_range=[5, 5]), {}, "its valid values are 5 to 5"),
    ],
)
def test_what_contradicts_is_refused(cube, options, match, tmp_path):
    refuse(save(cube, tmp_path / "a.zarr"), match, **options)


def test_paths_that_are_no_cubes(tmp_path):
    refuse(tmp_path / "none", "no cube at", FileNotFoundError)
    refuse(tmp_path, "no cube in", FileNotFoundError)
    (tmp_path / "a.nc").write_bytes(b"not a cube")
    refuse(tmp_path / "a.nc", "a.nc: expected a cube, NetCDF or Zarr, got .*; download")


@pytest.mark.parametrize(
    ("absent", "name"),
    [("xarray", "a.nc"), ("rioxarray", "a.nc"), ("zarr", "a.zarr"), ("netCDF4", "a.nc")],
)
def test_without_the_extra_it_is_named(absent, name, tmp_path, monkeypatch):
    path = save(dataset(), tmp_path / name)
    monkeypatch.setitem(sys.modules, absent, None)
    refuse(path, r'pip install -e "\.\[cube\]"', ImportError)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"grid": "a.tif"}, "grid must be refuse or first, got 'a.tif'"),
        ({"band_names": ("B02", "B03")}, r"band_names must be a mapping .*\{Band1: B02\}"),
        ({"bands": ("NDVI",)}, "bands must be different names such as B02 or B8A, got NDVI"),
    ],
)
def test_options_that_make_no_sense(options, match):
    with pytest.raises(ValueError, match=match):
        CubeOptions("cubes", **options)
