"""Labelled pixels with the embeddings that a map has of them."""

from dataclasses import replace

import numpy as np
import pytest
from cases.fields import box, write_fields
from cases.maps import TEN_BANDS, exact, image_of, make_store, plan, write_crops

from pimc.data.labels.options import LabelOptions
from pimc.data.patch import UNUSED_FOLD
from pimc.data.stack.scenes import StackOptions, read_labels
from pimc.mapping import labelled
from pimc.mapping.labelled import embed_labels, find_labels, read_pixels

CODES = np.add.outer(np.zeros(24, int), np.arange(30) // 10)
FIELDS = [box(top, left, 4, 3) for top in (1, 7, 13, 19) for left in (1, 6, 11, 16, 21, 26)]
NAMES = [f"crop {left // 10}" for _ in range(4) for left in (1, 6, 11, 16, 21, 26)]
GONE = np.s_[:, 1:3, 1:4]
"""Half of the first field is never seen."""


def lose(number, values):
    values[GONE] = 0
    return values, TEN_BANDS


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = write_crops(tmp_path_factory.mktemp("stack") / "farm", CODES, lose, nodata=0)
    return [make_store(tmp_path_factory.mktemp("blocks"), plan(folder, options=exact()))]


@pytest.fixture(scope="module")
def labelling(stores, tmp_path_factory):
    path = write_fields(tmp_path_factory.mktemp("labels") / "fields.gpkg", FIELDS, NAMES)
    labels = LabelOptions(str(path), "crop")
    options = StackOptions("farm", patch_size=24, gap=2, labels=labels)
    return read_labels([stores[0].blocks.ground.place], options)


def burnt():
    """Number of the field of each pixel, 0 for none."""
    numbers = np.zeros(CODES.shape, int)
    for number, field in enumerate(FIELDS, 1):
        left, top, right, bottom = map(int, field.bounds)
        numbers[top:bottom, left:right] = number
    return numbers


def test_pixels_are_those_of_the_fields_with_their_class_and_one_fold(labelling):
    found = find_labels(labelling, "farm", None)
    numbers = np.zeros(CODES.shape, int)
    numbers[found["row"], found["col"]] = found["parcel"]
    np.testing.assert_array_equal(numbers, burnt())
    assert [labelling.classes[code] for code in found["label"]] == [
        NAMES[parcel - 1] for parcel in found["parcel"]
    ]
    dealt = found[found["fold"] != UNUSED_FOLD]
    assert set(dealt["fold"]) == {1, 2, 3, 4, 5}
    assert dealt.groupby("parcel")["fold"].nunique().max() == 1


def test_windows_leave_no_trace_in_labels(labelling, monkeypatch):
    whole = find_labels(labelling, "farm", None)
    monkeypatch.setattr(labelled, "SIDE", 7)
    pieces = find_labels(labelling, "farm", None)
    order = ["row", "col"]
    np.testing.assert_array_equal(
        whole.sort_values(order).to_numpy(), pieces.sort_values(order).to_numpy()
    )


@pytest.mark.parametrize("most", [1, 5, 12, 100])
def test_so_many_pixels_of_a_field_are_taken_evenly(labelling, most):
    every, found = (find_labels(labelling, "farm", each) for each in (None, most))
    for parcel, of in every.groupby("parcel"):
        # pixel number n of N is taken where another part of most / N is full
        n, wanted = np.arange(len(of)), min(most, len(of))
        taken = (n + 1) * wanted // len(of) > n * wanted // len(of)
        own = found[found["parcel"] == parcel]
        np.testing.assert_array_equal(own[["row", "col"]], of[["row", "col"]].to_numpy()[taken])
        assert len(own) == wanted


def test_pixels_are_read_out_of_their_blocks_in_the_order_asked_for(stores):
    whole = image_of(stores[0])
    rows, cols = np.array([23, 0, 15, 16, 15, 1, 0]), np.array([29, 0, 16, 15, 15, 2, 0])
    np.testing.assert_array_equal(read_pixels(stores[0], rows, cols), whole[rows, cols])
    assert np.isnan(whole[1, 2]).all()


def test_labels_have_the_embeddings_of_the_map_and_those_without_are_left_out(stores, labelling):
    found = embed_labels(stores, labelling, None)
    pixels, whole = found.pixels, image_of(stores[0])
    np.testing.assert_array_equal(found.embedding, whole[pixels["row"], pixels["col"]])
    assert len(pixels) == 24 * 12 - 6 and (pixels["parcel"] == 1).sum() == 6
    assert set(pixels["place"]) == {"farm"}
    assert set(pixels["season"]) == {stores[0].blocks.ground.season}
    assert found.classes == ("crop 0", "crop 1", "crop 2")


def test_labels_on_what_is_never_seen_are_told(stores, labelling, tmp_path):
    blocks = stores[0].blocks
    recipe = blocks.ground.recipe
    calendar = replace(recipe.calendar, min_observations=9)
    blind = replace(blocks.ground, recipe=replace(recipe, calendar=calendar))
    store = make_store(tmp_path, replace(blocks, ground=blind))
    with pytest.raises(ValueError, match="no labelled pixel has enough clear observations"):
        embed_labels([store], labelling, None)
