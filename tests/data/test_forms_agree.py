"""One series of images reads the same whichever form it comes in."""

import numpy as np
import pytest
import xarray as xr
from cases.cubes import (
    DAYS,
    OPTIONS,
    centres,
    clouds,
    dataset,
    images,
    read_all,
    save,
    times,
    write_images,
    write_items,
)
from cases.geotiffs import BANDS, UTM

from pimc.data.cube.scenes import CubeOptions, cube_scenes
from pimc.data.stac.scenes import StacOptions, stac_scenes
from pimc.data.stack.scenes import StackOptions, stack_scenes


def band_dimension(path):
    """As openEO writes cubes: a dimension of bands, here in an odd order and packed by CF."""
    values = np.concatenate([images(), clouds()[:, None]], axis=1).astype(np.int16)
    y, x = centres()
    cube = xr.DataArray(
        values,
        {"t": times(), "bands": [*BANDS, "SCL"], "y": y, "x": x},
        ("t", "bands", "y", "x"),
        "reflectance",
    )
    cube = cube.transpose("y", "bands", "t", "x").isel(y=slice(None, None, -1)).to_dataset()
    return save(cube.rio.write_crs("EPSG:32631"), path / "place.nc")


def minicube(path):
    """As GreenEarthNet's: floats of 0..1 at every day, most of them empty, beside other things."""
    values = np.where(images() == 0, np.nan, images() / 10_000).astype(np.float32)
    cube = dataset(values, names=[f"s2_{name}" for name in BANDS]).rename(SCL="s2_SCL")
    cube["s2_SCL"] = cube.s2_SCL.astype(np.float32)
    days = np.arange("2021-06-01", "2021-06-22", dtype="datetime64[D]").astype("datetime64[ns]")
    cube = cube.assign_coords(time=days[::5]).reindex(time=days)
    cube["s2_avail"] = ("time", np.isin(np.arange(21) % 5, 0).astype(np.float32))
    cube["eobs_tg"] = ("time", np.linspace(10, 20, 21))
    cube["nasa_dem"] = (("y", "x"), np.full(values.shape[-2:], 90.0))
    return save(cube, path / "place.nc")


def packed(path):
    """By CF's scale_factor, add_offset and _FillValue, common names, descending x."""
    stored = np.where(images() == 0, -9_999, images().astype(np.int32) * 2 - 500).astype(np.int16)
    packing = {"scale_factor": 5e-5, "add_offset": 0.025, "_FillValue": np.int16(-9_999)}
    cube = dataset(stored, names=("blue", "green", "red", "nir"), **packing)
    return save(cube.isel(x=slice(None, None, -1)), path / "place.nc")


def zarr(path):
    """As odc-stac's datasets are stored: its no-data value is an attribute of another name."""
    return save(dataset(nodata=0), path / "place.zarr")


def odc_store(path):
    """What odc-stac loads from items, stored."""
    import odc.stac
    import pystac
    from odc.geo.geobox import GeoBox

    items = pystac.ItemCollection.from_file(str(write_items(path / "files", nodata=0)))
    for item in items:
        for asset in item.assets.values():
            asset.href = str(path / "files" / asset.href)
    facts = {"*": {"data_type": "uint16", "nodata": 0}, "scl": {"data_type": "uint8"}}
    loaded = odc.stac.load(
        items,
        (*BANDS, "scl"),
        geobox=GeoBox(images().shape[-2:], UTM, "EPSG:32631"),
        stac_cfg={"sentinel-2-l2a": {"assets": facts}},
    )
    return save(loaded, path / "place.zarr")


def stackstac(path):
    """As stackstac's arrays are stored: floats, NaN, a step a band, the EPSG code beside it."""
    values = np.concatenate([images(), clouds()[:, None]], axis=1).astype(float)
    values[values == 0] = np.nan
    y, x = centres()
    beside = {"epsg": 32631, "s2:processing_baseline": ("time", ["03.00"] * len(DAYS))}
    cube = xr.DataArray(
        values,
        {"time": times(), "band": ["blue", "green", "red", "nir", "scl"], "y": y, "x": x} | beside,
        ("time", "band", "y", "x"),
        "stackstac-0123",
    )
    return save(cube.to_dataset(), path / "place.zarr")


def check_same(found, expected):
    assert found.keys() == expected.keys()
    for origin, truth in expected.items():
        patch = found[origin]
        missing = truth.reflectance == -32768
        np.testing.assert_array_equal(patch.reflectance == -32768, missing)
        apart = patch.reflectance.astype(int) - truth.reflectance
        assert np.abs(apart).max() <= 1  # 1e-4 in reflectance
        np.testing.assert_array_equal(patch.dates, truth.dates)
        np.testing.assert_array_equal(patch.clear, truth.clear)
        np.testing.assert_array_equal(patch.folds, truth.folds)
        assert (patch.bands, patch.place) == (truth.bands, truth.place)
        np.testing.assert_allclose(patch.georeference.transform, truth.georeference.transform)
        assert "32631" in patch.georeference.crs


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = write_images(tmp_path_factory.mktemp("stack") / "place")
    patches = read_all(stack_scenes(StackOptions(path=str(folder), **OPTIONS)))
    assert len(patches) == 4
    first = patches[0, 0]
    np.testing.assert_array_equal(first.reflectance[0], images()[0, :, :16, :16])
    assert (first.reflectance[1, :, 3:6, 4:9] == -32768).all()
    np.testing.assert_array_equal(first.clear[2], clouds()[2, :16, :16] == 4)
    return patches


@pytest.mark.parametrize("write", [band_dimension, minicube, packed, zarr, odc_store, stackstac])
def test_a_cube_reads_as_the_stack_of_its_images(write, expected, tmp_path):
    path = write(tmp_path)
    check_same(read_all(cube_scenes(CubeOptions(path=str(path), **OPTIONS))), expected)


def test_stac_items_read_as_the_stack_of_their_images(expected, tmp_path):
    path = write_items(tmp_path, nodata=0).rename(tmp_path / "place.json")
    check_same(read_all(stac_scenes(StacOptions(path=str(path), **OPTIONS))), expected)
