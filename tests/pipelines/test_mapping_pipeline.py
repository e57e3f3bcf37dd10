"""A map of one's own images by one command, with labels and without."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from cases.fields import box, write_fields
from cases.geotiffs import UTM
from cases.maps import one_thread, write_crops
from cases.projects import new_project
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

SIDE, FIELD = 80, 8
CORNERS = [(top, left) for top in range(4, 76, 12) for left in range(4, 76, 12)]
NAMES = ["maize", "wheat", "meadow"]


def ground():
    """Stripes of crops, ten columns each."""
    return np.broadcast_to(np.arange(SIDE) // 12 % 3, (SIDE, SIDE))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = new_project(tmp_path_factory.mktemp("mapped"))
    write_crops(folder / "images/farm", ground())
    fields = [box(top, left, FIELD, FIELD) for top, left in CORNERS]
    classes = [NAMES[(left // 12) % 3] for _, left in CORNERS]
    write_fields(folder / "fields.gpkg", fields, classes, to_crs=4326)
    return folder


def run(project, **given):
    mapping = {"block": 32, "branch": "series", **given.pop("mapping", {})}
    parameters = {"root": str(project / "images"), "mapping": mapping, **given}
    bootstrap_project(project)
    with KedroSession.create(project, env="stack", runtime_params=parameters) as session:
        session.run(pipeline_names=["map"])


def table(project, name):
    return pd.read_csv(project / f"data/08_reporting/stack/map.{name}.csv")


@pytest.fixture(scope="module")
def mapped(project):
    labels = {"labels": str(project / "fields.gpkg"), "label_column": "crop"}
    run(project, like="r8c8", **labels, mapping={"smoothing": 3})
    return project


def test_all_files_lie_beside_each_other(mapped):
    maps = mapped / "data/08_reporting/stack/maps"
    names = {path.name.removeprefix("farm_2021-01-01_2021-12-26_") for path in maps.iterdir()}
    rasters = "embedding scale observations classes probabilities confidence likeness".split()
    beside = {"classes.tif.aux.xml", "classes.qml", "item.json", "map.png", "map.html"}
    assert names == {f"{name}.tif" for name in rasters} | beside
    assert len(table(mapped, "files")) == len(rasters) + 1
    page = (maps / "farm_2021-01-01_2021-12-26_map.html").read_text()
    assert "plotly" in page and 'src="http' not in page
    assert (mapped / "data/08_reporting/stack/map.overview_figure.png").exists()


def test_classes_are_those_of_the_ground_and_scored_on_blocks_that_were_not_seen(mapped):
    scores = table(mapped, "class_scores")
    assert set(scores["class"]) == set(NAMES) and scores["features"].sum() == len(CORNERS)
    assert (scores["f1"] > 0.9).all()
    path = mapped / "data/08_reporting/stack/maps/farm_2021-01-01_2021-12-26_classes.tif"
    with rasterio.open(path) as source:
        names = [source.tags()[f"CLASS_{code}"] for code in range(3)]
        classes = np.array(names)[source.read(1)]
    assert (classes == np.array(NAMES)[ground()]).mean() > 0.9


def test_areas_are_those_of_the_ground_within_their_intervals(mapped):
    areas = table(mapped, "areas").set_index("class")
    assert areas["pixels"].sum() == SIDE**2
    for code, name in enumerate(NAMES):
        true = (ground() == code).sum() / 100
        assert areas["low_ha"][name] - 0.1 * true <= true <= areas["high_ha"][name] + 0.1 * true
    assert areas["reference_features"].sum() <= len(CORNERS)


def test_a_pixel_is_most_like_itself_and_its_crop(mapped):
    path = mapped / "data/08_reporting/stack/maps/farm_2021-01-01_2021-12-26_likeness.tif"
    with rasterio.open(path) as source:
        alike = source.read(1)
    assert alike[8, 8] == pytest.approx(1, abs=1e-4) and alike.max() <= 1.0001
    of_crop = [alike[ground() == code].mean() for code in range(3)]
    assert int(np.argmax(of_crop)) == ground()[8, 8]


def test_another_map_of_the_same_ground_embeds_nothing_again(mapped):
    blocks = sorted((mapped / "data/07_model_output/stack/map_blocks").rglob("*.safetensors"))
    times = [path.stat().st_mtime_ns for path in blocks]
    run(mapped)
    assert len(times) == 9 and times == [path.stat().st_mtime_ns for path in blocks]
    assert table(mapped, "class_scores").empty


@pytest.mark.slow
def test_a_map_of_several_processes_is_the_same(mapped):
    maps = mapped / "data/08_reporting/stack/maps"
    blocks = mapped / "data/07_model_output/stack/map_blocks"
    shutil.rmtree(blocks)
    with one_thread():
        run(mapped)
    rasters = {path.name: path.read_bytes() for path in maps.glob("*_embedding.tif")}
    shutil.rmtree(blocks)
    run(mapped, compute="processes", workers=2)
    assert len(rasters) == 1
    assert rasters == {path.name: path.read_bytes() for path in maps.glob("*_embedding.tif")}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"encoder": "nowhere"}, "no encoder in .*nowhere"),
        ({"mapping": {"dimensions": 500}}, "dimensions must be at most the encoder's 128"),
        (
            {"compute": "processes", "mapping": {"device": "cuda"}},
            "got compute=processes",
        ),
        ({"like": "40:50"}, "like must be r<row>c<column>"),
        ({"like": "r80c0"}, "row 80, column 0 lies outside farm"),
        ({"labels": "far.gpkg", "label_column": "crop"}, "far.gpkg.*outside all images"),
    ],
)
def test_wrong_parameters_are_told(mapped, given, message):
    write_fields(mapped / "far.gpkg", [box(900, 900, 8, 8)], ["maize"])
    labels = {"labels": str(mapped / given["labels"])} if "labels" in given else {}
    with pytest.raises(Exception, match=message):
        run(mapped, **{**given, **labels})


def test_two_places_are_mapped_by_one_head_and_each_has_its_own_files(project, tmp_path):
    """Fields of both; the second lies beside the first, on a grid of its own size."""
    east = UTM @ UTM.translation(SIDE, 0)
    shutil.copytree(project / "images/farm", tmp_path / "images/farm")
    write_crops(tmp_path / "images/hill", ground()[:32, :72], transform=east)
    inside = [(top, left) for top in (4, 20) for left in range(4, 64, 12)]
    fields = [box(top, left, FIELD, FIELD) for top, left in CORNERS]
    fields += [box(top, left + SIDE, FIELD, FIELD) for top, left in inside]
    classes = [NAMES[left // 12 % 3] for _, left in CORNERS + inside]
    path = write_fields(tmp_path / "fields.gpkg", fields, classes)
    shutil.copytree(project / "conf", tmp_path / "conf")
    shutil.copy(project / "pyproject.toml", tmp_path)
    (tmp_path / "src").mkdir()
    run(tmp_path, labels=str(path), label_column="crop")
    files, areas = table(tmp_path, "files"), table(tmp_path, "areas")
    names = [f"{place}_2021-01-01_2021-12-26" for place in ("farm", "hill")]
    assert files["map"].unique().tolist() == areas["map"].unique().tolist() == names
    assert [Path(file).stat().st_size for file in files["file"]] == files["bytes"].tolist()
    pixels = areas.groupby("map")["pixels"].sum()
    assert pixels.to_dict() == {names[0]: SIDE**2, names[1]: 32 * 72}
    scores = table(tmp_path, "class_scores")
    assert scores["features"].sum() == len(fields) and (scores["f1"] > 0.9).all()
    hill = files[files["map"] == names[1]].set_index("what")["file"]
    item = json.loads(Path(hill["item"]).read_text())
    assert item["properties"]["proj:transform"][:6] == list(east)[:6]
    with rasterio.open(hill["classes"]) as source:
        assert source.shape == (32, 72) and source.transform == east
        told = np.array([source.tags()[f"CLASS_{code}"] for code in range(3)])[source.read(1)]
    assert (told == np.array(NAMES)[ground()[:32, :72]]).mean() > 0.9


def test_images_without_the_bands_of_any_encoder_are_refused(project, tmp_path):
    write_crops(tmp_path / "farm", ground()[:32, :32], bands=("B03", "B04", "B08"))
    with pytest.raises(Exception, match="B02"):
        run(project, root=str(tmp_path))
