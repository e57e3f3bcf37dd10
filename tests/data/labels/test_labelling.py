"""Labels of places: windows, gaps, folds, and what is said where there is too little."""

from functools import cache
from itertools import product

import numpy as np
import pytest
from cases.fields import GEOREFERENCE, box, write_fields
from shapely.affinity import translate

from pimc.data.labels.ground import place_windows
from pimc.data.labels.labelling import Cutting, label_places
from pimc.data.labels.laying import PlaceGrid
from pimc.data.labels.options import LabelOptions
from pimc.data.patch import LABEL_COLUMNS, Georeference

SIDE, GAP = 120, 5
GRID = {"field": PlaceGrid((SIDE, SIDE), GEOREFERENCE)}
CORNERS = list(product(range(4, SIDE - 8, 16), repeat=2))
SQUARES = [box(top, left, 9, 9) for top, left in CORNERS]
CLASSES = [("rye", "Void")[(top + left) // 16 % 2] for top, left in CORNERS]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_fields(tmp_path_factory.mktemp("labels") / "f.gpkg", SQUARES, CLASSES, to_crs=4326)


def label(path, grids=GRID, size=40, gap=GAP, **options):
    options = {"column": "crop", "per_feature": None, **options}
    return label_places(LabelOptions(str(path), **options), grids, Cutting(size, 0.3, gap))


@cache
def label_field(path, **given):
    """Labels of the one place, made once for all tests."""
    return label(path, **given)


def whole(labelling, name="field", size=40):
    """Folds, labels and parcels of a place, put together from what each patch owns."""
    ground = labelling.places[name]
    found = [np.zeros(ground.shape, int), np.full(ground.shape, -1), np.zeros(ground.shape, int)]
    for window in place_windows(ground.shape, size):
        patch, (rows, cols) = ground.read(window), window
        own = np.s_[rows.own_start : rows.own_stop, cols.own_start : cols.own_stop]
        part = tuple(
            slice(span.own_start - span.start, span.own_stop - span.start) for span in window
        )
        for target, values in zip(found, (patch.folds, patch.labels, patch.parcels), strict=True):
            target[own] = values[part]
        outside = np.ones(patch.folds.shape, bool)
        outside[part] = False
        assert not patch.folds[outside].any() and (patch.labels[outside] == -1).all()
    return found


def test_pixels_have_the_class_and_number_of_their_field_and_one_fold(path):
    labelling = label_field(path)
    assert labelling.classes == ("Void", "rye")
    folds, labels, parcels = whole(labelling)
    assert set(np.unique(folds)) == {0, 1, 2, 3, 4, 5}
    for number, ((top, left), name) in enumerate(zip(CORNERS, CLASSES, strict=True), 1):
        inside = np.s_[top : top + 9, left : left + 9]
        assert (parcels[inside] == number).all()
        known = labels[inside][labels[inside] >= 0]
        assert set(known) <= {labelling.classes.index(name)}
        assert len(set(folds[inside][folds[inside] > 0])) <= 1
    assert (labels >= 0).sum() == labelling.table["kept"].sum() > 2000
    assert ((labels >= 0) <= (folds > 0)).all()


def test_ground_of_two_folds_has_the_gap_between_it(path):
    folds, *_ = whole(label_field(path))
    cells = np.argwhere(folds)
    fold = folds[folds > 0]
    for each in (1, 2, 3):
        own, others = cells[fold == each], cells[fold != each]
        apart = min(np.abs(others - cell).max(axis=1).min() for cell in own)
        assert apart - 1 >= GAP


def test_however_a_place_is_cut_into_patches_its_ground_is_the_same(path):
    once = whole(label_field(path, size=SIDE), size=SIDE)
    for size in (40, 50):  # 50 does not divide 120: the last patches overlap
        for one, other in zip(once, whole(label_field(path, size=size), size=size), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_table_counts_pixels_and_those_that_gaps_leave(path, caplog):
    caplog.set_level("INFO")
    labelling = label(path, gap=11)  # of neighbours that lie 7 pixels apart gaps take some
    table = labelling.table
    assert tuple(table) == LABEL_COLUMNS
    assert (table["pixels"] == 81).all() and len(table) == len(SQUARES)
    assert table["parcel"].tolist() == list(range(1, len(SQUARES) + 1))
    assert table["class"].tolist() == CLASSES and set(table["place"]) == {"field"}
    assert table.groupby("block")["fold"].nunique().max() == 1
    _, labels, parcels = whole(labelling)
    kept = np.bincount(parcels[labels >= 0], minlength=len(SQUARES) + 1)[1:]
    np.testing.assert_array_equal(table["kept"], kept)
    lost = int((81 - table["kept"]).sum())
    assert lost and f"labelled pixels left out: {lost} in a gap between folds" in caplog.text


def test_of_a_large_field_so_many_pixels_keep_their_label_field(path):
    table = label_field(path).table
    few = label_field(path, per_feature=20)
    _, labels, parcels = whole(few)
    kept = np.bincount(parcels[labels >= 0], minlength=len(SQUARES) + 1)[1:]
    np.testing.assert_array_equal(kept, np.minimum(table["kept"], 20))
    assert few.table.equals(table)  # it counts the field, not the sample of it
    # over all of the field: the first and the last third of its rows have their share
    number = int(table.loc[table["kept"] == 81, "parcel"].iloc[0])
    top, left = CORNERS[number - 1]
    rows = (labels[top : top + 9, left : left + 9] >= 0).sum(axis=1).reshape(3, 3).sum(axis=1)
    assert rows.min() >= 6 and rows.max() <= 7


def test_fingerprints_change_with_the_file_the_column_and_the_options(path, tmp_path):
    other = write_fields(tmp_path / "f.gpkg", SQUARES, CLASSES, name=CLASSES)
    prints = [
        label_field(path).fingerprint,
        label(other).fingerprint,
        label(other, column="name").fingerprint,
        label_field(path, per_feature=20).fingerprint,
        label_field(path, gap=7).fingerprint,
        label(path, seed=3).fingerprint,
    ]
    assert len(set(prints)) == 6 and label(path).fingerprint == prints[0]


def test_dealings_have_a_name_that_changes_with_the_folds_alone(path, tmp_path):
    def name(labelling):
        return labelling.places["field"].dealing

    renamed = write_fields(tmp_path / "f.gpkg", SQUARES, [f"{each}!" for each in CLASSES])
    assert (
        name(label_field(path))
        == name(label_field(path, per_feature=20))
        == name(label(renamed))
        != ""
    )
    assert name(label_field(path)) != name(label_field(path, gap=7))


def test_few_fields_leave_ground_as_it_is_without_labels(tmp_path, caplog):
    shapes, classes = [SQUARES[0], SQUARES[-1], box(76, 50, 9, 9)], ["rye", "oats", "rye"]
    labelling = label(write_fields(tmp_path / "f.gpkg", shapes, classes))
    folds, labels, parcels = whole(labelling)
    assert (
        (folds[:, 0] == 1).all() and (folds[:, -1] == 4).all() and set(folds.ravel()) == {0, 1, 4}
    )
    assert "no honest score can be given" in caplog.text
    assert "fewer than 5 features of a class are left: oats 1, rye 2" in caplog.text
    # ground ends at column 79, held-out ground begins at 84: the third field is of the first part
    assert (labels[parcels == 1] == 1).all() and (labels[parcels == 2] == 0).all()
    assert labelling.places["field"].dealing == ""


def test_a_field_across_held_out_ground_stays_in_one_fold(tmp_path):
    across = box(40, 70, 9, 30)
    labelling = label(write_fields(tmp_path / "f.gpkg", [across, SQUARES[0]], ["rye", "rye"]))
    folds, labels, parcels = whole(labelling)
    assert set(folds[(parcels == 1) & (labels >= 0)]) == {4}  # 16 columns of it, and 9 of the other
    assert not folds[44, 70:84].any()


def test_folds_of_several_places_are_dealt_together(tmp_path):
    away = Georeference(GEOREFERENCE.crs, (10, 0, 700000, 0, -10, 5612120))
    grids = {**GRID, "other": PlaceGrid((SIDE, SIDE), away), "bare": PlaceGrid((60, 90), away)}
    there = [translate(each, 3600) for each in SQUARES]
    table = write_fields(tmp_path / "f.gpkg", [*SQUARES, *there], CLASSES + ["oats"] * len(there))
    grids["bare"] = PlaceGrid((60, 90), Georeference(away.crs, (10, 0, 900000, 0, -10, 5612120)))
    labelling = label(table, grids)
    found = labelling.table.groupby(["class", "place"])["fold"].agg(set)
    assert all(each == {1, 2, 3, 4, 5} for each in found)
    assert set(found.index) == {("rye", "field"), ("Void", "field"), ("oats", "other")}
    folds, labels, _ = whole(labelling, "bare")
    assert set(folds.ravel()) == {0, 1, 4} and (labels == -1).all()


def test_labels_outside_all_images_say_where_both_lie(path):
    away = Georeference(GEOREFERENCE.crs, (10, 0, 464000, 0, -10, 5612120))
    with pytest.raises(ValueError, match="outside all images") as caught:
        label(path, {"far": PlaceGrid((SIDE, SIDE), away)})
    text = str(caught.value)
    assert "labels 5.3" in text and "images far 2.4" in text and "label_crs=" in text


def test_images_without_a_crs_are_refused(path):
    with pytest.raises(ValueError, match=r"place field: its images have no CRS.*gdal_edit"):
        label(path, {"field": PlaceGrid((SIDE, SIDE), None)})


def test_labels_that_leave_no_pixel_are_refused(tmp_path):
    thin = write_fields(tmp_path / "f.gpkg", [box(4, 4, 0.5, 30)], ["rye"])
    with pytest.raises(ValueError, match="none labels a pixel"):
        label(thin)


def test_ground_too_small_to_split_is_named(tmp_path):
    one = write_fields(tmp_path / "f.gpkg", [box(1, 1, 4, 4)], ["rye"])
    with pytest.raises(ValueError, match="place tiny: a place of 8 x 8 pixels cannot be split"):
        label(one, {"tiny": PlaceGrid((8, 8), GEOREFERENCE)}, size=8, gap=17)
