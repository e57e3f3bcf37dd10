import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from pimc.data.pastis.scenes import PastisOptions, pastis_scenes
from pimc.data.pastis.write import band_sums, mean_and_std, patch_feature, write_pastis
from pimc.data.patch import FILL, Patch
from pimc.data.simulation.scenes import SimulationOptions, simulate_scenes


@dataclass(frozen=True)
class Ready:
    """A patch made already."""

    patch: Patch
    fingerprint: str = ""

    def __call__(self):
        return self.patch


@pytest.fixture(scope="module")
def scenes():
    sources = simulate_scenes(SimulationOptions(patches=6, size=32))
    return {name: Ready(source()) for name, source in sources.items()}


@pytest.fixture(scope="module")
def folder(scenes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pastis")
    write_pastis(scenes, folder)
    return folder


def test_files_have_pastis_s_names_shapes_and_types(folder, scenes):
    times = len(scenes["10003"].patch.dates)
    images = np.load(folder / "DATA_S2" / "S2_10003.npy")
    target = np.load(folder / "ANNOTATIONS" / "TARGET_10003.npy")
    parcels = np.load(folder / "ANNOTATIONS" / "ParcelIDs_10003.npy")
    assert (images.dtype, images.shape) == (np.int16, (times, 10, 32, 32))
    assert (target.dtype, target.shape) == (np.uint8, (3, 32, 32))
    assert (parcels.dtype, parcels.shape) == (np.int32, (32, 32))
    assert len(list(folder.rglob("*.npy"))) == 18


def test_the_pastis_reader_gives_the_patches_back(folder, scenes):
    read = pastis_scenes(PastisOptions(path=str(folder)))
    assert set(read) == set(scenes)
    for name, source in read.items():
        patch, made = source(), scenes[name].patch
        for attribute in ("reflectance", "dates", "folds", "labels", "parcels"):
            np.testing.assert_array_equal(getattr(patch, attribute), getattr(made, attribute))
        assert (patch.place, patch.bands) == (made.place, made.bands)
        # origins count from the tile's first patch
        assert patch.origin == made.origin


def test_metadata_have_pastis_s_properties_and_types(folder, scenes):
    collection = json.loads((folder / "metadata.geojson").read_text())
    assert collection["type"] == "FeatureCollection"
    assert collection["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::2154"
    feature, patch = collection["features"][4], scenes["10004"].patch
    properties = feature["properties"]
    assert feature["id"] == "4"
    assert set(properties) == {
        "Fold", "ID_PATCH", "N_Parcel", "Parcel_Cover", "TILE", "dates-S2", "id",
    }  # fmt: skip
    assert (properties["Fold"], properties["ID_PATCH"], properties["id"]) == (5, 10004, "10004")
    assert properties["TILE"] == "t30uxv"
    assert properties["N_Parcel"] == len(set(patch.parcels.ravel().tolist()) - {0})
    assert properties["Parcel_Cover"] == (patch.parcels > 0).mean()
    first = int(str(patch.dates[0]).replace("-", ""))
    assert properties["dates-S2"]["0"] == first
    assert list(properties["dates-S2"]) == [str(n) for n in range(len(patch.dates))]


def test_outlines_are_closed_squares_in_lambert_93(folder):
    for feature in json.loads((folder / "metadata.geojson").read_text())["features"]:
        assert feature["geometry"]["type"] == "MultiPolygon"
        ring = np.array(feature["geometry"]["coordinates"][0][0])
        assert ring.shape == (5, 2)
        np.testing.assert_array_equal(ring[0], ring[-1])
        # 32 pixels of 10 m; the two projections' scales differ by less than 3 in 1000
        np.testing.assert_allclose(np.hypot(*np.diff(ring, axis=0).T), 320, rtol=0.003)
        # France, and clockwise from the north-western corner
        assert (ring > [1e5, 6e6]).all()
        assert (ring < [1.3e6, 7.2e6]).all()
        assert ring[1, 0] > ring[0, 0]
        assert ring[2, 1] < ring[1, 1]


def test_norm_is_of_each_fold_s_patches(folder, scenes):
    norm = json.loads((folder / "NORM_S2_patch.json").read_text())
    assert list(norm) == [f"Fold_{fold}" for fold in range(1, 6)]
    of_fold = [s.patch.reflectance for s in scenes.values() if s.patch.folds[0, 0] == 1]
    assert len(of_fold) == 2
    values = np.concatenate([cube.transpose(1, 0, 2, 3).reshape(10, -1) for cube in of_fold], 1)
    np.testing.assert_allclose(norm["Fold_1"]["mean"], values.mean(axis=1))
    np.testing.assert_allclose(norm["Fold_1"]["std"], values.std(axis=1))


def test_mean_and_std_by_hand():
    images = np.array([[[[1, 3]], [[0, 0]]], [[[5, 7]], [[4, 4]]]], dtype=np.int16)
    assert images.shape == (2, 2, 1, 2)
    found = mean_and_std(band_sums(images))
    assert found["mean"] == [4.0, 2.0]
    np.testing.assert_allclose(found["std"], [5**0.5, 2.0])


def test_sums_of_many_extreme_values_are_exact():
    images = np.full((40, 1, 64, 64), FILL, dtype=np.int16)
    count = 40 * 64 * 64
    assert band_sums(images)[:, 0].tolist() == [count, FILL * count, FILL * FILL * count]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": None}, "patch 10000 has no labels or no parcels"),
        ({"georeference": None}, "patch 10000 has no georeference"),
        ({"patch_id": "a7"}, "patch a7: PASTIS's layout needs an id of digits"),
        ({"folds": np.arange(1024).reshape(32, 32) % 2}, r"got folds \[0, 1\]"),
    ],
)
def test_a_patch_that_lacks_something_is_named(scenes, change, message):
    with pytest.raises(ValueError, match=message):
        patch_feature(replace(scenes["10000"].patch, **change), number=0)
