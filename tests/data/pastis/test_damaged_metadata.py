"""Metadata that are no release's: the file, the patch, what was expected and what came."""

import copy
import json

import pytest
from test_pastis import feature

from pimc.data.pastis.metadata import read_metadata

SQUARE = [[[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0], [0.0, 0.0]]]


def read(tmp_path, **changes):
    path = tmp_path / "metadata.geojson"
    path.write_text(json.dumps({"features": [feature(10000)], **changes}))
    return read_metadata(path)


def with_geometry(geometry):
    changed = copy.deepcopy(feature(10000))
    changed["geometry"] = geometry
    return [changed]


@pytest.mark.parametrize(
    "changes",
    [
        {"features": 3},
        {"features": [3]},
        {"features": None},
        {"crs": "EPSG:2154"},
        {"crs": {"properties": 3}},
        {"crs": [1]},
    ],
)
def test_no_collection_of_features(tmp_path, changes):
    with pytest.raises(ValueError, match=r"metadata\.geojson: expected a GeoJSON .* again"):
        read(tmp_path, **changes)


def test_properties_that_are_none(tmp_path):
    with pytest.raises(ValueError, match=r"metadata\.geojson: expected properties by name"):
        read(tmp_path, features=[{"properties": [1]}])


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon"},
        {"coordinates": SQUARE},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[1.0, 2.0]]},
        {"type": "Polygon", "coordinates": [[["1", "2"]] * 5]},
        {"type": "Polygon", "coordinates": [[[None, 2.0]] * 5]},
        {"type": "Polygon", "coordinates": [[[float("nan"), 2.0]] * 5]},
        {"type": "Polygon", "coordinates": [SQUARE[0][:3]]},
        {"type": "Point", "coordinates": [1.0, 2.0]},
        "POLYGON ((0 0, 1 1))",
        [1],
    ],
)
def test_geometries_that_are_no_polygon(tmp_path, geometry):
    with pytest.raises(ValueError, match=r"geojson, patch 10000: expected the geometry .* release"):
        read(tmp_path, features=with_geometry(geometry))


def test_a_polygon_is_one(tmp_path):
    records, crs = read(
        tmp_path, features=with_geometry({"type": "Polygon", "coordinates": SQUARE})
    )
    assert records[0].corners == ((0.0, 9.0), (9.0, 9.0), (0.0, 0.0))
    assert crs == "EPSG:2154"
