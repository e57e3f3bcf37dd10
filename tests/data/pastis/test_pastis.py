"""PASTIS as released, on folders of three tiny patches."""

import json
from pathlib import Path

import numpy as np
import pytest
from rasterio.warp import transform

from pimc.data.pastis.scenes import PASTIS_CLASSES, PastisOptions, pastis_scenes
from pimc.data.patch import SENTINEL2_BANDS

DAYS = (20180924, 20181004, 20190117, 20190412)
SIDE = 128
# a patch of the release in Lambert-93: turned by a few degrees, 1,280 m a side
NORTH_WEST, NORTH_EAST = np.array([391504.7, 6956805.9]), np.array([392781.9, 6956707.3])
SOUTH_EAST, SOUTH_WEST = np.array([392683.3, 6955430.1]), np.array([391406.1, 6955528.7])
EAST = NORTH_EAST - NORTH_WEST


def feature(number, fold=1, tile="t30uxv", steps_east=0, days=DAYS, **properties):
    corners = [NORTH_WEST, NORTH_EAST, SOUTH_EAST, SOUTH_WEST, NORTH_WEST]
    ring = [(corner + steps_east * EAST).tolist() for corner in corners]
    return {
        "type": "Feature",
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
        "properties": {
            "ID_PATCH": number,
            "Fold": fold,
            "TILE": tile,
            "dates-S2": {str(k): day for k, day in enumerate(days)},
            **properties,
        },
    }


def write_metadata(root: Path, features):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    collection = {"type": "FeatureCollection", "crs": crs, "features": features}
    (root / "metadata.geojson").write_text(json.dumps(collection))


def images(number, times=4, bands=10):
    rng = np.random.default_rng(number)
    return rng.integers(-50, 9000, (times, bands, SIDE, SIDE)).astype(np.int16)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "DATA_S2").mkdir()
    (tmp_path / "ANNOTATIONS").mkdir()
    features = [
        feature(10000, 1),
        feature(10001, 4, steps_east=2),
        feature(10002, 4, tile="t31tfm"),
    ]
    write_metadata(tmp_path, features)
    for number in (10000, 10001, 10002):
        np.save(tmp_path / f"DATA_S2/S2_{number}.npy", images(number))
        target = np.zeros((3, SIDE, SIDE), np.uint8)
        target[0, 1, 2], target[1:] = 19, 7
        np.save(tmp_path / f"ANNOTATIONS/TARGET_{number}.npy", target)
        parcels = np.arange(SIDE * SIDE, dtype=np.int32).reshape(SIDE, SIDE)
        np.save(tmp_path / f"ANNOTATIONS/ParcelIDs_{number}.npy", parcels)
    return tmp_path


def load(root, **options):
    return pastis_scenes(PastisOptions(path=str(root), **options))


def test_a_patch_carries_what_the_release_says_of_it(root):
    patch = load(root)["10001"]()
    np.testing.assert_array_equal(patch.reflectance, images(10001))
    assert isinstance(patch.reflectance, np.memmap)
    assert patch.bands == SENTINEL2_BANDS
    assert patch.dates.astype(str).tolist() == [
        "2018-09-24",
        "2018-10-04",
        "2019-01-17",
        "2019-04-12",
    ]
    assert patch.place == "t30uxv"
    assert set(patch.folds.ravel().tolist()) == {4}
    assert patch.labels[1, 2] == 19
    assert patch.labels.sum() == 19
    assert patch.parcels[1, 0] == SIDE
    assert patch.clear is None


def test_origins_count_pixels_along_the_turned_axes_of_the_tile(root):
    scenes = load(root)
    assert scenes["10000"]().origin == (0, 0)
    # two patches of 128 pixels farther east, not lower, although the square is turned
    assert scenes["10001"]().origin == (0, 256)
    assert scenes["10002"]().origin == (0, 0)


def test_georeference_takes_the_last_pixel_to_the_south_east_corner(root):
    a, b, c, d, e, f = load(root)["10000"]().georeference.transform
    np.testing.assert_allclose([c, f], NORTH_WEST)
    np.testing.assert_allclose([128 * (a + b) + c, 128 * (d + e) + f], SOUTH_EAST, atol=0.2)
    np.testing.assert_allclose(np.hypot(a, d), 10, rtol=0.01)
    assert "RGF93" in load(root)["10000"]().georeference.crs


def test_patches_of_another_side_have_pixels_of_10_m_too(root):
    entry = feature(10000)
    ring = [[x, 6_800_000 + y] for x, y in ((0, 640), (640, 640), (640, 0), (0, 0), (0, 640))]
    entry["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    write_metadata(root, [entry])
    np.save(root / "DATA_S2/S2_10000.npy", images(10000)[..., :64, :64])
    for path in (root / "ANNOTATIONS").iterdir():
        path.unlink()
    assert load(root)["10000"]().georeference.transform == (10, 0, 0, 0, -10, 6_800_640)


def test_releases_that_write_ids_folds_and_dates_as_text_read_the_same(root):
    expected = load(root)["10000"]
    collection = json.loads((root / "metadata.geojson").read_text())
    for entry in collection["features"]:
        properties = entry["properties"]
        properties["ID_PATCH"], properties["Fold"] = (
            str(properties["ID_PATCH"]),
            str(properties["Fold"]),
        )
        properties["dates-S2"] = json.dumps(properties["dates-S2"])
    (root / "metadata.geojson").write_text(json.dumps(collection))
    source = load(root)["10000"]
    assert source.record == expected.record
    assert source.fingerprint == expected.fingerprint


def test_dates_follow_their_numbers_not_their_order_in_the_file(root):
    dates = {str(k): day for k, day in reversed(list(enumerate(DAYS)))}
    write_metadata(root, [feature(10000, **{"dates-S2": dates})])
    assert load(root)["10000"].record.days[0] == "2018-09-24"


def test_the_unpacked_archive_may_lie_one_folder_deeper(root):
    deeper = root.parent / "unpacked"
    deeper.mkdir()
    root.rename(deeper / "PASTIS-R")
    assert len(load(deeper)) == 3


def test_folds_and_limit_choose_patches_from_the_folds_in_turn(root):
    assert list(load(root, folds=(4,))) == ["10001", "10002"]
    assert list(load(root, limit=2)) == ["10000", "10001"]
    with pytest.raises(ValueError, match=r"none of its 3 patches is in folds \(5,\).*\[1, 4\]"):
        load(root, folds=(5,))


def test_without_targets_labels_are_unknown(root, caplog):
    for path in (root / "ANNOTATIONS").iterdir():
        path.unlink()
    patch = load(root)["10000"]()
    assert patch.labels is None
    assert patch.parcels is None
    assert "no labels" in caplog.text


def test_a_patch_without_geometry_is_a_place_of_its_own(root):
    bare = feature(10001) | {"geometry": None}
    write_metadata(root, [feature(10000), bare])
    patch = load(root)["10001"]()
    assert (patch.place, patch.origin, patch.georeference) == ("t30uxv_10001", (0, 0), None)


def test_fingerprints_change_with_files_and_metadata_alone(root):
    before = {name: source.fingerprint for name, source in load(root).items()}
    assert before == {name: source.fingerprint for name, source in load(root).items()}
    assert len(set(before.values())) == 3
    np.save(root / "ANNOTATIONS/TARGET_10000.npy", np.ones((3, SIDE, SIDE), np.uint8))
    after = {name: source.fingerprint for name, source in load(root).items()}
    assert [name for name in before if before[name] != after[name]] == ["10000"]


def test_missing_folder_says_where_to_get_pastis(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no PASTIS folder at .*Zenodo record 5012942"):
        load(tmp_path / "nowhere")


def test_missing_metadata_names_what_is_there(root):
    (root / "metadata.geojson").unlink()
    with pytest.raises(FileNotFoundError, match=r"no metadata.geojson in .*ANNOTATIONS, DATA_S2"):
        load(root)


def test_a_truncated_file_is_found_before_any_image_is_read(root):
    path = root / "DATA_S2/S2_10001.npy"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(
        ValueError, match=r"S2_10001.npy: truncated: .* 1310848 bytes .* has 1310748"
    ):
        load(root)


def test_a_file_that_is_no_npy_is_named(root):
    (root / "ANNOTATIONS/TARGET_10002.npy").write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match=r"TARGET_10002.npy: expected a NumPy .npy file"):
        load(root)


def test_another_band_count_is_named(root):
    np.save(root / "DATA_S2/S2_10002.npy", images(10002, bands=4))
    with pytest.raises(ValueError, match=r"S2_10002.npy: expected 10 bands \(B02 .*\), got 4"):
        load(root)


def test_another_dtype_is_named(root):
    np.save(root / "DATA_S2/S2_10002.npy", images(10002).astype(np.float32))
    with pytest.raises(ValueError, match=r"S2_10002.npy: expected int16 with 4 axes, got float32"):
        load(root)


@pytest.mark.parametrize("name", ["DATA_S2/S2", "ANNOTATIONS/TARGET", "ANNOTATIONS/ParcelIDs"])
def test_metadata_that_names_a_missing_file_is_an_error(root, name):
    (root / f"{name}_10001.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"_10001.npy: metadata.geojson names patch 10001"):
        load(root)


def test_labels_of_another_size_are_named(root):
    np.save(root / "ANNOTATIONS/TARGET_10000.npy", np.zeros((3, 4, 4), np.uint8))
    with pytest.raises(
        ValueError, match=r"TARGET_10000.npy: expected 128 x 128 pixels .* got \(4, 4\)"
    ):
        load(root)


def test_unsorted_dates_are_named(root):
    days = (20180924, 20190117, 20181004, 20190412)
    write_metadata(root, [feature(10000, days=days)])
    with pytest.raises(
        ValueError, match=r"patch 10000: dates-S2 must increase strictly, but date 2 \(2018-10-04\)"
    ):
        load(root)


@pytest.mark.parametrize("days", [DAYS[:3], (*DAYS, 20190601)])
def test_dates_must_be_as_many_as_images(root, days):
    write_metadata(root, [feature(10000, days=days)])
    with pytest.raises(ValueError, match=rf"S2_10000.npy: 4 images but {len(days)} dates"):
        load(root)


def test_too_few_dates_are_an_error(root):
    np.save(root / "DATA_S2/S2_10000.npy", images(10000, times=2))
    write_metadata(root, [feature(10000, days=DAYS[:2])])
    with pytest.raises(ValueError, match=r"S2_10000.npy: too few dates: .* at least 3 .* got 2"):
        load(root)


@pytest.mark.parametrize("dates", ["{broken", {"first": 20180924}, {"0": 20181399}, 5])
def test_malformed_dates_are_named(root, dates):
    write_metadata(root, [feature(10000, **{"dates-S2": dates})])
    with pytest.raises(ValueError, match=r"patch 10000: dates-S2 must be .* got "):
        load(root)


@pytest.mark.parametrize("fold", [0, 6, "7", None])
def test_a_fold_outside_one_to_five_is_named(root, fold):
    write_metadata(root, [feature(10000, fold)])
    with pytest.raises(ValueError, match=rf"fold must be 1..5, got {fold} in .*, patch 10000"):
        load(root)


def test_a_patch_twice_is_an_error(root):
    write_metadata(root, [feature(10000), feature(10000, 2)])
    with pytest.raises(ValueError, match=r"patch 10000 is there twice"):
        load(root)


def test_a_missing_property_is_named(root):
    broken = feature(10000)
    del broken["properties"]["Fold"]
    write_metadata(root, [broken])
    with pytest.raises(ValueError, match=r"patch 10000 has no Fold; its properties are ID_PATCH"):
        load(root)


def test_metadata_that_is_no_geojson_is_named(root):
    (root / "metadata.geojson").write_text("{")
    with pytest.raises(ValueError, match=r"metadata.geojson: expected a GeoJSON FeatureCollection"):
        load(root)


def test_geometries_in_degrees_are_refused(root):
    collection = json.loads((root / "metadata.geojson").read_text())
    collection["crs"]["properties"]["name"] = "urn:ogc:def:crs:EPSG::4326"
    (root / "metadata.geojson").write_text(json.dumps(collection))
    with pytest.raises(
        ValueError, match=r"expected geometries in metres \(EPSG:2154\), got EPSG:4"
    ):
        load(root)


def test_dates_may_be_a_list(root):
    for dates in (list(DAYS), json.dumps(list(DAYS)), [str(day) for day in DAYS]):
        write_metadata(root, [feature(10000, **{"dates-S2": dates})])
        days = load(root)["10000"].record.days
        assert days == ("2018-09-24", "2018-10-04", "2019-01-17", "2019-04-12")


def moved(root, change, crs=None):
    """The metadata with every corner changed, and with another CRS or none."""
    collection = json.loads((root / "metadata.geojson").read_text())
    collection.pop("crs")
    if crs:
        collection["crs"] = {"type": "name", "properties": {"name": crs}}
    for entry in collection["features"]:
        ring = entry["geometry"]["coordinates"][0][0]
        entry["geometry"]["coordinates"][0][0] = [list(change(*corner)) for corner in ring]
    (root / "metadata.geojson").write_text(json.dumps(collection))


def project(epsg):
    def change(x, y):
        (east,), (north,) = transform("EPSG:2154", f"EPSG:{epsg}", [x], [y])
        return east, north

    return change


@pytest.mark.parametrize(
    ("change", "crs", "message"),
    [
        (project(4326), None, r"patch 10000: expected geometries in metres .* look like degrees"),
        (project(4326), "EPSG:2154", "look like degrees"),
        (project(3857), "EPSG:3857", "looks like Web Mercator"),
        (project(3857), None, "lie outside France in EPSG:2154: the crs member must state"),
        (project(32630), None, "lie outside France"),
        (lambda x, y: (y, x), None, "outside France in EPSG:2154: its axes are swapped"),
        (lambda x, y: (x * 3.28084, y * 3.28084), "EPSG:32630", "looks like feet"),
        (lambda x, y: (x, y), "EPSG:2263", r"got EPSG:2263, whose unit is US survey foot"),
        (lambda x, y: (x, y), "EPSG:999999", "no known CRS"),
        (lambda x, y: (x / 1000, y / 1000), None, "a square of less than a pixel"),
    ],
)
def test_geometries_in_another_unit_are_refused(root, change, crs, message):
    moved(root, change, crs)
    with pytest.raises(ValueError, match=message):
        load(root)


def test_geometries_in_another_metric_crs_are_read(root):
    moved(root, project(32630), "EPSG:32630")
    assert "UTM zone 30N" in load(root)["10000"]().georeference.crs


def test_a_label_outside_the_classes_is_named(root):
    target = np.zeros((3, SIDE, SIDE), np.uint8)
    target[0, 0, :2] = 20, 255
    np.save(root / "ANNOTATIONS/TARGET_10000.npy", target)
    with pytest.raises(
        ValueError, match=r"TARGET_10000.npy: labels must be 0..19 \(20 classes\), got \[20, 255\]"
    ):
        load(root)["10000"]()


def test_options_are_checked():
    with pytest.raises(ValueError, match=r"folds must be some of 1..5, got \(0, 6\)"):
        PastisOptions(path="", folds=(0, 6))
    with pytest.raises(ValueError, match="limit must be at least 1"):
        PastisOptions(path="", limit=0)


def test_classes_are_the_twenty_of_the_release():
    assert len(PASTIS_CLASSES) == 20
    assert (PASTIS_CLASSES[0], PASTIS_CLASSES[3], PASTIS_CLASSES[19]) == (
        "Background",
        "Corn",
        "Void",
    )
