"""Datasets of scenes, built as Kedro builds them from the catalog's YAML."""

import json

import numpy as np
import pytest
import rasterio
import yaml
from kedro.io import AbstractDataset, DatasetError
from rasterio.transform import Affine

from pimc.catalog.scenes import (
    CubeScenes,
    PastisScenes,
    PointScenes,
    StackScenes,
    StacScenes,
)


def from_yaml(text):
    return AbstractDataset.from_config("scenes", yaml.safe_load(text))


@pytest.fixture
def points(tmp_path):
    path = tmp_path / "points.npz"
    np.savez(
        path,
        reflectance=np.full((3, 4, 2), 900, np.int16),
        bands=np.array(["B04", "B08"]),
        lonlat=np.zeros((3, 2)),
        label=np.array(["corn", "rice", "corn"]),
    )
    return path


@pytest.fixture
def pastis(tmp_path):
    for folder in ("DATA_S2", "ANNOTATIONS"):
        (tmp_path / folder).mkdir()
    np.save(tmp_path / "DATA_S2/S2_7.npy", np.ones((3, 10, 4, 4), np.int16))
    dates = {"0": 20190101, "1": 20190106, "2": 20190111}
    properties = {"ID_PATCH": 7, "Fold": 2, "TILE": "t", "dates-S2": dates}
    collection = {"features": [{"properties": properties}]}
    (tmp_path / "metadata.geojson").write_text(json.dumps(collection))
    return tmp_path


@pytest.fixture
def stack(tmp_path):
    profile = {"driver": "GTiff", "width": 9, "height": 8, "count": 2, "dtype": "int16"}
    profile |= {"crs": "EPSG:4326", "transform": Affine(1e-4, 0, 9, 0, -1e-4, 45)}
    for day in range(1, 4):
        with rasterio.open(tmp_path / f"2021-01-0{day}.tif", "w", **profile) as target:
            target.write(np.full((2, 8, 9), 700, np.int16))
            target.descriptions = ("B4", "B8")
    return tmp_path


def test_points_from_yaml(points):
    dataset = from_yaml(f"""
        type: pimc.catalog.scenes.PointScenes
        path: {points}
        classes: [corn, rice]
        start: "2021-01-01"
        step: 10
        metadata: {{kedro-viz: {{layer: raw}}}}
    """)
    (source,) = dataset.load().values()
    assert source().labels.ravel().tolist() == [0, 1, 0]
    assert dataset.exists()
    assert dataset._describe() == {"source": "points", "root": str(points)}
    assert dataset.metadata == {"kedro-viz": {"layer": "raw"}}


def test_pastis_from_yaml(pastis):
    dataset = from_yaml(f"""
        type: pimc.catalog.scenes.PastisScenes
        path: {pastis}
        folds: [1, 2]
        limit: 5
    """)
    assert list(dataset.load()) == ["7"]
    assert dataset._describe() == {"source": "pastis", "root": str(pastis)}


def test_stack_from_yaml(stack):
    dataset = from_yaml(f"""
        type: pimc.catalog.scenes.StackScenes
        path: {stack}
        bands: [B04, B08]
        patch_size: 8
        gap: 1
        offset: {{{stack.name}: -100}}
    """)
    scenes = dataset.load()
    assert list(scenes) == [f"{stack.name}_r000_c000", f"{stack.name}_r000_c001"]
    assert (scenes[f"{stack.name}_r000_c001"]().reflectance == 600).all()
    assert dataset._describe() == {"source": "stack", "root": str(stack)}


@pytest.mark.parametrize("kind", [PastisScenes, StackScenes, CubeScenes, StacScenes, PointScenes])
def test_a_missing_source_ends_in_the_reader_s_message(kind, tmp_path):
    dataset = kind(path=str(tmp_path / "nowhere"))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"nowhere.* point the path"):
        dataset.load()


def test_scenes_are_only_read(points):
    with pytest.raises(DatasetError, match="PointScenes is raw data, which is only read"):
        PointScenes(path=str(points)).save({})


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Pastis", "folds, limit"),
        ("Stack", "band_names, bands, cloud_threshold, date_pattern, gap, grid, held_out, "),
        ("Cube", "band_names, bands, cloud_threshold, crs, gap, grid, held_out, labels, "),
        ("Stac", "bands, bbox, cloud_threshold, collection, crs, dates, gap, held_out, labels, "),
        ("Point", "block_degrees, classes, clear, cloudy_above, columns, crs, no_data, regions"),
    ],
)
def test_an_unknown_option_names_the_known(name, options):
    with pytest.raises(DatasetError, match=rf"scenes have no option pach_size; .* {options}"):
        from_yaml(f"{{type: pimc.catalog.scenes.{name}Scenes, path: data, pach_size: 3}}")


def test_an_option_that_the_reader_refuses_ends_the_catalog():
    with pytest.raises(DatasetError, match=r"folds must be some of 1\.\.5, got"):
        from_yaml("{type: pimc.catalog.scenes.PastisScenes, path: data, folds: [7]}")


def test_the_path_must_be_given():
    with pytest.raises(DatasetError, match="missing 1 required positional argument: 'path'"):
        from_yaml("type: pimc.catalog.scenes.StackScenes")


def test_simulated_scenes_from_yaml():
    dataset = from_yaml("{type: pimc.catalog.scenes.SimulatedScenes, patches: 5, size: 32}")
    scenes = dataset.load()
    assert all(source.fingerprint for source in scenes.values())
    assert len(scenes) == 5
    assert dataset.exists()
    described = dataset._describe()
    assert (described["source"], described["patches"]) == ("simulated", 5)
    with pytest.raises(DatasetError, match="simulated scenes have no option colour; they have "):
        from_yaml("{type: pimc.catalog.scenes.SimulatedScenes, colour: 1}")


def test_the_preview_names_source_and_options():
    shown = json.loads(
        from_yaml("{type: pimc.catalog.scenes.SimulatedScenes, patches: 3}").preview()
    )
    assert shown["source"] == "simulated" and "patches=3" in shown["options"]
