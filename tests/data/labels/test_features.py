"""Vector files become features with a class, or an error that says what is wrong."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from cases.fields import box, fields, write_fields

from pimc.data.labels.features import class_names, read_features
from pimc.data.labels.options import LabelOptions
from pimc.data.labels.vector_file import vector_stamps

SHAPES = [box(0, 0, 3, 3), box(4, 4, 3, 3), box(8, 8, 3, 3)]
BOW_TIE = shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])


def read(path, **options):
    return read_features(LabelOptions(str(path), **{"column": "crop", **options}))


@pytest.mark.parametrize("name", ["f.gpkg", "f.geojson", "f.shp", "f.parquet"])
def test_formats_give_the_same_features(tmp_path, name):
    path = write_fields(tmp_path / name, SHAPES, ["rye", "maize", "rye"], to_crs=4326)
    features = read(path)
    assert features.classes == ("maize", "rye")
    assert features.codes.tolist() == [1, 0, 1]
    expected = fields(SHAPES, ["rye"] * 3).to_crs(4326).geometry
    assert features.geometry.crs == expected.crs
    assert all(features.geometry.geom_equals_exact(expected, 1e-6))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["b ", " a", "", None], ["b", "a", None, None]),
        ([3.0, 1.0, np.nan, 10.0], ["3", "1", None, "10"]),
        ([2, 1], ["2", "1"]),
        ([1.5, 2.0], ["1.5", "2.0"]),
        ([True, False], ["True", "False"]),
    ],
)
def test_classes_are_text(given, expected):
    names = class_names(pd.Series(given))
    assert [None if pd.isna(each) else each for each in names] == expected


def test_what_has_no_class_or_no_place_is_left_out_and_counted(tmp_path, caplog):
    caplog.set_level("INFO")
    line = shapely.LineString([(0, 0), (3, 3)])
    shapes = [*SHAPES, SHAPES[0], SHAPES[0], None, line, BOW_TIE]
    classes = ["rye", "maize", None, "rye", "maize", "rye", "rye", "oats"]
    features = read(write_fields(tmp_path / "f.gpkg", shapes, classes))
    # the first once (the fourth is the same), not the third, the same shape of another class too
    assert features.codes.tolist() == [2, 0, 0, 1]
    assert features.classes == ("maize", "oats", "rye")
    assert features.geometry.is_valid.all() and len(features) == 4
    assert "1 invalid polygons" in caplog.text
    assert "1 features are no points or polygons (LineString)" in caplog.text
    said = "1 without a class, 2 without a geometry that labels, 1 there twice"
    assert f"8 features; left out: {said}" in caplog.text


def test_an_invalid_polygon_keeps_the_ground_that_it_has(tmp_path):
    (shape,) = read(write_fields(tmp_path / "f.gpkg", [BOW_TIE], ["rye"])).geometry
    assert shape.geom_type == "MultiPolygon"
    assert shape.area == pytest.approx(2 * 100 * 4)  # two triangles of 4 pixels


def test_of_a_collection_its_polygons_count(tmp_path):
    mixed = shapely.GeometryCollection([SHAPES[0], shapely.LineString([(5, 5), (9, 9)])])
    dots = shapely.GeometryCollection([shapely.Point(1, 1), shapely.LineString([(5, 5), (9, 9)])])
    polygon, points = read(write_fields(tmp_path / "f.parquet", [mixed, dots], ["a", "b"])).geometry
    assert polygon.area == pytest.approx(900) and points.geom_type == "MultiPoint"


def test_heights_are_left_aside(tmp_path):
    flat = fields([shapely.Point(1, 1)], ["a"])
    path = tmp_path / "f.gpkg"
    flat.set_geometry(shapely.force_3d(flat.geometry.to_numpy(), 7.0)).to_file(path)
    assert not read(path).geometry.has_z.any()


def several(path):
    fields(SHAPES[:1], ["rye"]).to_file(path, layer="old")
    fields(SHAPES[:2], ["rye", "oats"]).to_file(path, layer="new")
    return path


def test_of_several_layers_the_first_is_read_and_another_by_its_name(tmp_path, caplog):
    path = several(tmp_path / "f.gpkg")
    assert len(read(path)) == 1
    assert "layers old, new; the first is read, label_layer=" in caplog.text
    assert len(read(path, layer="new")) == 2
    with pytest.raises(
        ValueError, match=r"no layer nex \(did you mean new\?\); there are old, new"
    ):
        read(path, layer="nex")


def test_a_column_that_is_not_there_names_those_that_are(tmp_path):
    path = write_fields(tmp_path / "f.gpkg", SHAPES, ["a"] * 3, area=[1, 2, 3])
    with pytest.raises(ValueError, match=r"no column krop \(did you mean crop\?\); there are crop"):
        read(path, column="krop")
    with pytest.raises(ValueError, match=r"label_column=\.\.\.; there are crop, area"):
        read(path, column=None)


def test_labels_without_a_crs_need_one_to_be_told(tmp_path):
    path = write_fields(tmp_path / "f.shp", SHAPES, ["a"] * 3, crs=None)
    with pytest.raises(ValueError, match=r"f\.shp: no CRS.*label_crs=EPSG:32631"):
        read(path)
    assert read(path, crs="EPSG:32631").geometry.crs.to_epsg() == 32631


def test_files_without_labels_say_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no labels at .*nowhere\.gpkg"):
        read(tmp_path / "nowhere.gpkg")
    fields([], []).to_file(tmp_path / "empty.gpkg")
    with pytest.raises(ValueError, match="no features in it"):
        read(tmp_path / "empty.gpkg")
    (tmp_path / "text.gpkg").write_text("no labels")
    with pytest.raises(ValueError, match="no vector file that GDAL reads"):
        read(tmp_path / "text.gpkg")
    pd.DataFrame({"crop": ["a"]}).to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(ValueError, match="no GeoParquet"):
        read(tmp_path / "plain.parquet")
    lines = write_fields(tmp_path / "lines.gpkg", [shapely.LineString([(0, 0), (1, 1)])], ["a"])
    with pytest.raises(ValueError, match="buffer them to polygons first"):
        read(lines)


def test_a_column_of_numbers_of_features_is_no_class(tmp_path):
    dots = [shapely.Point(number, 0) for number in range(256)]
    path = write_fields(tmp_path / "f.parquet", dots, range(256), kind="x")
    with pytest.raises(ValueError, match=r"256 different values .* there are crop, kind"):
        read(path)


def test_a_shapefile_changes_with_any_of_its_files(tmp_path):
    path = write_fields(tmp_path / "f.shp", SHAPES, ["a"] * 3)
    before = vector_stamps(path)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes() + b" ")
    assert vector_stamps(path) != before
    assert {name for name, *_ in before} >= {"f.shp", "f.dbf", "f.prj"}
    assert isinstance(gpd.read_file(path), gpd.GeoDataFrame)


def test_options_check_themselves():
    with pytest.raises(ValueError, match="per_feature must be at least 1"):
        LabelOptions(per_feature=0)
    with pytest.raises(ValueError, match=r"names a column of no file: give labels="):
        LabelOptions(column="crop")
