"""Which pixels a feature labels: by hand, on grids of a few pixels."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from cases.fields import GEOREFERENCE, box, fields, laid, to_ground
from rasterio.crs import CRS
from rasterio.transform import Affine
from shapely.affinity import rotate

from pimc.data.labels.burning import burn, lay_on_grid
from pimc.data.labels.features import Features
from pimc.data.patch import Georeference

WHOLE = slice(0, 12), slice(0, 12)


def pixels(mask):
    return list(zip(*(each.tolist() for each in np.nonzero(mask)), strict=True))


def test_a_polygon_labels_the_pixels_that_lie_inside_it_whole():
    aligned = burn(laid([box(2, 3, 2, 3)], [0]), *WHOLE).parcels
    assert pixels(aligned == 1) == [(2, 3), (2, 4), (2, 5), (3, 3), (3, 4), (3, 5)]
    # moved by 0.3 pixels it cuts its outer pixels: those whose centre lies less than half a pixel
    # inside are gone
    moved = burn(laid([box(2.3, 3.3, 2, 3)], [0]), *WHOLE).parcels
    assert pixels(moved == 1) == [(3, 4), (3, 5)]


def test_a_polygon_thinner_than_a_pixel_labels_none():
    burnt = burn(laid([box(2, 3, 0.8, 6)], [0]), *WHOLE)
    assert not burnt.parcels.any() and not burnt.double.any() and not burnt.mixed.any()


def test_the_pixels_of_a_slanted_field_lie_inside_it_nearly_whole():
    field = rotate(box(2, 2, 8, 8), 30)
    labelled = pixels(burn(laid([field], [0]), *WHOLE).parcels)
    assert len(labelled) > 25
    # a corner of a pixel whose centre is half a pixel inside reaches out by 0.71 - 0.5 at most
    assert all(field.buffer(0.22).contains(box(row, col, 1, 1)) for row, col in labelled)


def test_points_label_the_pixel_that_they_lie_in_once():
    many = shapely.MultiPoint([(5.1, 4.9), (5.9, 4.2), (7.5, 4.5)])
    burnt = burn(laid([shapely.Point(3.99, 2.01), many], [0, 1]), *WHOLE)
    assert pixels(burnt.parcels == 1) == [(2, 3)]
    assert pixels(burnt.parcels == 2) == [(4, 5), (4, 7)]
    assert not burnt.double.any()


def test_pixels_of_two_features_have_no_label_whatever_their_classes():
    for codes in ([0, 0], [0, 1]):
        burnt = burn(laid([box(1, 1, 3, 4), box(2, 3, 3, 4)], codes), *WHOLE)
        assert pixels(burnt.double) == [(2, 3), (2, 4), (3, 3), (3, 4)]
        assert (burnt.parcels == 1).sum() == (burnt.parcels == 2).sum() == 8


def test_a_pixel_that_another_class_touches_has_no_label():
    field, weed = box(1, 1, 4, 4), shapely.box(2.4, 2.4, 2.6, 2.6)
    assert pixels(burn(laid([field, weed], [0, 1]), *WHOLE).mixed) == [(2, 2)]
    same = burn(laid([field, weed], [0, 0]), *WHOLE)
    assert not same.mixed.any() and (same.parcels == 1).sum() == 16


def test_neighbours_that_share_a_side_keep_all_their_pixels():
    burnt = burn(laid([box(0, 0, 3, 3), box(0, 3, 3, 3), box(3, 0, 3, 6)], [0, 1, 2]), *WHOLE)
    assert [(burnt.parcels == number).sum() for number in (1, 2, 3)] == [9, 9, 18]
    assert not burnt.mixed.any() and not burnt.double.any()


def test_a_window_is_cut_from_the_whole():
    shapes = laid([box(1, 1, 5, 5), box(4, 4, 5, 6), shapely.Point(9.5, 2.5)], [0, 1, 2])
    whole, part = burn(shapes, *WHOLE), burn(shapes, slice(3, 11), slice(2, 7))
    for name in ("parcels", "double", "mixed"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[3:11, 2:7])
    assert whole.parcels.any() and whole.double.any()


@pytest.mark.parametrize(
    ("epsg", "transform"),
    [
        (32631, (10, 0, 664000, 0, -10, 5612120)),
        (4326, (1.4e-4, 0, 5.33, 0, -9e-5, 50.6)),  # pixels of degrees are not square
        (32631, (7, 7, 664000, 7, -7, 5612120)),  # a grid that lies aslant
    ],
)
def test_fields_of_any_crs_lie_where_the_grid_has_them(epsg, transform):
    grid = Affine(*transform)
    table = fields([box(2, 3, 4, 5)], ["a"], crs=f"EPSG:{epsg}", transform=grid)
    georeference = Georeference(CRS.from_epsg(epsg).to_wkt(), transform)
    for crs in (epsg, 3035, 3857):
        given = table.to_crs(crs)
        features = Features(given.geometry, np.zeros(1, np.int16), ("a",), Path("fields"))
        labelled = burn(lay_on_grid(features, georeference, (12, 12)), *WHOLE).parcels == 1
        assert labelled.sum() == 20 and labelled[2:6, 3:8].all()


def test_features_outside_a_grid_and_outside_the_reach_of_its_crs_are_left_out():
    inside = to_ground(box(2, 3, 4, 5))
    table = fields([box(2, 3, 4, 5), box(500, 3, 4, 5)], ["a", "a"])
    shapes = lay_on_grid(
        Features(table.geometry, np.zeros(2, np.int16), ("a",), Path("f")), GEOREFERENCE, (12, 12)
    )
    assert shapes.parcels.tolist() == [1]
    world = table.set_geometry([inside, shapely.Point(1e12, 1e12)])
    shapes = lay_on_grid(
        Features(world.geometry.to_crs(4326), np.zeros(2, np.int16), ("a",), Path("f")),
        GEOREFERENCE,
        (12, 12),
    )
    assert shapes.parcels.tolist() == [1]
