"""What items say of their assets, the grid that they are loaded onto, and searches."""

import json
import logging
import re
import sys

import numpy as np
import pytest
from cases.cubes import DAYS, OPTIONS, images, make_item, save_items, write_items
from cases.geotiffs import BANDS, UTM, write_tif
from cases.stac_api import stac_api
from rasterio.transform import Affine

from pimc.data.patch import FILL
from pimc.data.stac.scenes import StacOptions, stac_scenes


def scenes(path, **options):
    return stac_scenes(StacOptions(str(path), **OPTIONS | options))


def read(path, **options):
    return next(iter(scenes(path, **options).values()))()


def first(values):
    part = values[..., :16, :16].astype(np.int16)
    return np.where((part == 0).all(axis=1, keepdims=True), FILL, part)


def shifted(days, add):
    """The images with a number added at some dates, except where they have no data."""
    values = images().astype(np.int32)
    values[days] += np.where(values[days] == 0, 0, add)
    return values.astype(np.uint16)


@pytest.mark.parametrize(
    ("properties", "source"),
    [
        (["02.14", "03.00", "03.01", "04.00", "05.09"], "s2:processing_baseline"),
        ([True, True, True, False, False], "raster:bands"),
    ],
)
def test_each_item_tells_its_offset(properties, source, tmp_path):
    # Earth Search states scale and offset of the original, and whether the offset was removed
    asset = None
    name = "s2:processing_baseline"
    if source == "raster:bands":
        asset = {"raster:bands": [{"data_type": "int16", "scale": 0.0001, "offset": -0.1}]}
        name = "earthsearch:boa_offset_applied"
    path = write_items(tmp_path, shifted([3, 4], 1000), lambda n: {name: properties[n]}, asset)
    patch = read(path)
    np.testing.assert_array_equal(patch.reflectance, first(images()))
    assert patch.reading["numbers"]["2021-06-16/2021-06-21"] == f"x 1 -1000 ({source} in its item)"


def test_a_scale_of_the_item_counts(tmp_path):
    asset = {"raster:bands": [{"scale": 0.0002, "offset": 0.03}]}
    stored = np.where(images() == 0, 0, (images() - 300) / 2).astype(np.uint16)
    patch = read(write_items(tmp_path, stored, asset=asset))
    apart = patch.reflectance.astype(int) - first(images())
    valid = (patch.reflectance != FILL) & (first(images()) != FILL)
    assert np.abs(apart[valid]).max() <= 1
    assert valid.mean() > 0.97


def test_tags_of_the_files_count(tmp_path):
    path = write_items(tmp_path, shifted(slice(None), 1000), scale=0.0001, offset=-0.1, nodata=0)
    patch = read(path)
    np.testing.assert_array_equal(patch.reflectance, first(images()))
    assert "scale and offset tags" in str(patch.reading["numbers"])


def test_what_the_items_say_of_types_does_not_count(tmp_path):
    asset = {"raster:bands": [{"data_type": "uint8", "nodata": 330}]}
    np.testing.assert_array_equal(
        read(write_items(tmp_path, asset=asset)).reflectance, first(images())
    )


def test_an_offset_asked_for_overrules_items(tmp_path):
    path = write_items(
        tmp_path, shifted(slice(None), 1000), lambda _: {"processing:baseline": "03.00"}
    )
    np.testing.assert_array_equal(read(path, offset=-1000).reflectance, first(images()))


def test_items_of_one_day_are_merged_valid_first(tmp_path):
    values = images()
    values[0, :, :8] = 0
    items = json.loads(write_items(tmp_path, values).read_text())["features"]
    late = make_item("S2B_31UES_20210601_0_L2A", f"{DAYS[0]}T11:03:28Z")
    for n, band in enumerate(BANDS):
        href = tmp_path / late["id"] / f"{band}.tif"
        write_tif(href, images()[0, n][None] + 7, None)
        late["assets"][band] = {"href": str(href)}
    late["assets"]["scl"] = items[0]["assets"]["scl"]
    patch = read(save_items(tmp_path / "items.json", [late, *items]))
    assert [str(day) for day in patch.dates] == list(DAYS)
    np.testing.assert_array_equal(patch.reflectance[0, :, :8], images()[0, :, :8, :16] + 7)
    np.testing.assert_array_equal(patch.reflectance[0, :, 8:], images()[0, :, 8:16, :16])


def test_assets_are_known_by_key_or_by_their_band(tmp_path):
    path = write_items(tmp_path, names=("blue", "green", "red", "nir"))
    np.testing.assert_array_equal(read(path).reflectance, first(images()))
    items = json.loads(path.read_text())["features"]
    for item in items:
        asset = item["assets"].pop("red")
        item["assets"]["IMG_3"] = asset | {"eo:bands": [{"name": "B04", "common_name": "red"}]}
    path = save_items(tmp_path / "items.json", items)
    np.testing.assert_array_equal(read(path).reflectance, first(images()))


def test_a_coarse_grid_takes_the_nearest_pixels(tmp_path):
    # 3 x 3 pixels become one: the middle one
    patch = read(write_items(tmp_path), resolution=30, patch_size=6)
    origin = patch.georeference.transform
    assert origin[:2] + origin[3:5] == (30, 0, 0, -30)
    # pixels are in line with 0: 664000 is no multiple of 30, 663990 is
    assert (origin[2], origin[5]) == (663990, 5612130)
    rows, cols = 3 * np.arange(6), 3 * np.arange(6)
    expected = images()[..., rows, :][..., cols].astype(np.int16)
    np.testing.assert_array_equal(patch.reflectance[0, :, 1:, 1:], expected[0, :, 1:, 1:])


def test_a_box_takes_whole_pixels_of_the_files(tmp_path):
    from rasterio.warp import transform_bounds

    west, north = UTM.c + 42, UTM.f - 33
    box = transform_bounds("EPSG:32631", "EPSG:4326", west, north - 100, west + 110, north)
    patch = read(write_items(tmp_path), bbox=box, patch_size=8)
    left, top = patch.georeference.transform[2], patch.georeference.transform[5]
    col, row = round((left - UTM.c) / 10), round((UTM.f - top) / 10)
    assert (left, top) == (UTM.c + 10 * col, UTM.f - 10 * row)
    # a box of degrees is a little turned in metres
    assert col in (3, 4) and row in (2, 3)
    expected = images()[..., row : row + 8, col : col + 8]
    np.testing.assert_array_equal(patch.reflectance[0], expected[0])


def test_another_zone_is_brought_to_the_grid_of_most(tmp_path):
    from rasterio.warp import transform_bounds

    items = json.loads(write_items(tmp_path).read_text())["features"]
    west, _, _, north = transform_bounds(
        "EPSG:32631", "EPSG:32632", UTM.c, UTM.f - 200, UTM.c + 240, UTM.f
    )
    wide = Affine(10, 0, west - 100, 0, -10, north + 100)
    for n, band in enumerate(BANDS):  # one value a band, far beyond the edges
        href = tmp_path / "other" / f"{band}.tif"
        write_tif(
            href, np.full((1, 60, 60), 900 + n, np.uint16), None, crs="EPSG:32632", transform=wide
        )
        items[4]["assets"][band]["href"] = str(href)
    patches = scenes(save_items(tmp_path / "items.json", items), bbox=tuple(items[0]["bbox"]))
    patch = next(iter(patches.values()))()
    assert "32631" in patch.georeference.crs
    for n in range(4):
        assert set(np.unique(patch.reflectance[4, n])) == {900 + n}


def test_each_file_of_a_folder_is_a_place(tmp_path):
    path = write_items(tmp_path / "files")
    items = json.loads(path.read_text())["features"]
    for item in items:
        for asset in item["assets"].values():
            asset["href"] = f"../files/{asset['href']}"
    (tmp_path / "places").mkdir()
    for name in ("north.json", "south.json"):
        save_items(tmp_path / "places" / name, items)
    assert {patch().place for patch in scenes(tmp_path / "places").values()} == {"north", "south"}


SEARCH = {
    "collection": "sentinel-2-l2a",
    "bbox": (5.3, 50.6, 5.4, 50.7),
    "dates": "2021-06-01/2021-06-30",
    "query": {"eo:cloud_cover": {"lt": 60}},
}


@pytest.fixture
def found(tmp_path):
    """Items with absolute addresses, and their true bbox."""
    items = json.loads(write_items(tmp_path / "files").read_text())["features"]
    for item in items:
        for asset in item["assets"].values():
            asset["href"] = str(tmp_path / "files" / asset["href"])
    return items


def test_a_search_is_made_once_and_kept(found, tmp_path):
    path = tmp_path / "workspace" / "place.json"
    asked = SEARCH | {"bbox": tuple(found[0]["bbox"])}
    with stac_api(found[::-1]) as (url, searches):
        patch = read(path, url=url, **asked)
        (search,) = searches
        assert search["collections"] == ["sentinel-2-l2a"]
        assert search["datetime"] == "2021-06-01T00:00:00Z/2021-06-30T23:59:59Z"
        assert search["query"] == {"eo:cloud_cover": {"lt": 60}}
        np.testing.assert_allclose(search["bbox"], found[0]["bbox"])
    # the server is gone
    again = read(path, url=url, **asked)
    np.testing.assert_array_equal(again.reflectance, patch.reflectance)
    kept = read(path, bbox=asked["bbox"])
    np.testing.assert_array_equal(kept.reflectance, patch.reflectance)
    np.testing.assert_array_equal(patch.reflectance, first(images()))
    assert [item["id"] for item in json.loads(path.read_text())["features"]] == [
        item["id"] for item in found
    ]
    with pytest.raises(ValueError, match=r"items of another search \(dates differ\): remove it"):
        read(path, url=url, **asked | {"dates": "2021-07-01/2021-07-31"})


def test_a_search_that_finds_nothing_keeps_nothing(tmp_path):
    path = tmp_path / "place.json"
    with stac_api([]) as (url, _):
        with pytest.raises(ValueError, match="has no items of sentinel-2-l2a in 2021-06-01/"):
            read(path, url=url, **SEARCH)
    assert not path.exists()
    with pytest.raises(ValueError, match="the search failed"):
        read(path, url=url, **SEARCH)


def test_assets_on_a_server_are_read(tmp_path):
    items = json.loads(write_items(tmp_path / "files").read_text())["features"]
    with stac_api(items, tmp_path / "files") as (url, _):
        for item in items:
            for asset in item["assets"].values():
                asset["href"] = f"{url}/{asset['href']}"
        patches = scenes(save_items(tmp_path / "items.json", items))
        np.testing.assert_array_equal(next(iter(patches.values()))().reflectance, first(images()))
        items[0]["assets"]["B04"]["href"] += "?token=expired"
        items[0]["assets"]["B04"]["href"] = items[0]["assets"]["B04"]["href"].replace("B04", "B4")
        with pytest.raises(
            ValueError, match=r"B04: expected a raster of one band at .* signed addresses"
        ):
            scenes(save_items(tmp_path / "items.json", items))


def test_a_search_needs_a_file_to_keep_its_items(tmp_path):
    with pytest.raises(ValueError, match=r"is a folder: with url, .* such as .*items\.json"):
        read(tmp_path, url="http://127.0.0.1:9", **SEARCH)


def test_what_was_read_is_logged_in_a_line(tmp_path, caplog):
    path = write_items(tmp_path, properties=lambda _: {"s2:processing_baseline": "03.01"})
    with caplog.at_level(logging.INFO):
        read(path)
    (line,) = [each.getMessage() for each in caplog.records if "dates with data" in each.message]
    assert re.match(
        r"place items: 5 files, 5 of 5 dates .*; bands B02 \(B02\).*; stored values x 1 \+0 "
        r"\(s2:processing_baseline in its item\) on 2021-06-01/2021-06-21; values missing: 0 in "
        r"all bands .*; cloud mask: SCL",
        line,
    )


def test_the_fingerprint_follows_the_files(tmp_path):
    path = write_items(tmp_path)
    before = {source.fingerprint for source in scenes(path).values()}
    assert before == {source.fingerprint for source in scenes(path).values()}
    write_items(tmp_path, images() + 1)
    assert not before & {source.fingerprint for source in scenes(path).values()}


def test_items_that_cannot_be_read_are_refused(tmp_path):
    path = write_items(tmp_path)
    good = json.loads(path.read_text())["features"]

    def refuse(match, items):
        with pytest.raises((ValueError, FileNotFoundError), match=match):
            read(save_items(tmp_path / "items.json", items))

    refuse("expected an ItemCollection or an item of STAC.*, found no item", [])
    refuse("1 of its items have another's id", [*good, good[0]])
    refuse("too few dates", good[:2])
    refuse(
        "no asset is a band of B02, B03, B04, B08; assets are thumbnail",
        [item | {"assets": {"thumbnail": {"href": "a.jpg"}}} for item in good],
    )
    refuse(
        "neither datetime nor start_datetime",
        [*good[1:], good[0] | {"properties": {"datetime": None}}],
    )
    lost = good[0]["assets"] | {"B04": {"href": "nowhere.tif"}}
    refuse(
        r"nowhere.tif: expected the raster of .*_20210601_0_L2A/B04, got No such file",
        [*good[1:], good[0] | {"assets": lost}],
    )
    write_tif(tmp_path / "several.tif", images()[0])
    several = good[0]["assets"] | {"B04": {"href": "several.tif"}}
    refuse("B04: expected a file of one band, got 4", [*good[1:], good[0] | {"assets": several}])
    path.write_text("not JSON")
    with pytest.raises(ValueError, match=r"items.json: expected an ItemCollection .*; save it"):
        read(path)
    with pytest.raises(FileNotFoundError, match="no STAC items at"):
        read(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"url": "http://a", "dates": "2021"}, "a search at http://a needs collection, bbox"),
        ({"bbox": (50.0, 5.0, 49.0, 6.0)}, "bbox must be west, south, east and north in degrees"),
        ({"bbox": (664000.0, 5.0, 664100.0, 6.0)}, "bbox must be west, south, east and north"),
        ({"resolution": 0}, "resolution must be above 0, got 0"),
    ],
)
def test_options_that_make_no_sense(options, match):
    with pytest.raises(ValueError, match=match):
        StacOptions("items.json", **options)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"bbox": (11.0, 50.0, 11.1, 50.1)}, "lies outside of all files"),
        ({"crs": "EPSG:32632"}, "no file has the CRS EPSG:32632: set resolution"),
    ],
)
def test_grids_that_cannot_be(options, match, tmp_path):
    with pytest.raises(ValueError, match=match):
        read(write_items(tmp_path), **options)


@pytest.mark.parametrize("absent", ["odc.stac", "pystac_client"])
def test_without_the_extra_it_is_named(absent, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ImportError, match=r'pip install -e "\.\[stac\]"'):
        read(tmp_path / "items.json", url="http://127.0.0.1:9", **SEARCH)


def test_floats_of_reflectance(tmp_path):
    values = np.where(images() == 0, np.nan, images() / 10_000).astype(np.float32)
    path = write_items(
        tmp_path, values, lambda _: {"s2:processing_baseline": "05.00"}, nodata=np.nan
    )
    np.testing.assert_array_equal(read(path).reflectance, first(images()))
