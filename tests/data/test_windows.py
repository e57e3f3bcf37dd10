"""Windows that cover a place without padding, and the split of its ground."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pimc.data.windows import Span, patch_folds, spans, split_ground


def test_the_last_window_shifts_inward_and_shares_the_overlap():
    assert spans(256, 96) == (Span(0, 96, 0, 96), Span(96, 192, 96, 176), Span(160, 256, 176, 256))
    assert spans(100, 96) == (Span(0, 96, 0, 50), Span(4, 100, 50, 100))


def test_lengths_that_fit_need_no_shift():
    assert spans(8, 4) == (Span(0, 4, 0, 4), Span(4, 8, 4, 8))
    assert spans(5, 5) == (Span(0, 5, 0, 5),)


@given(st.integers(1, 40), st.integers(0, 100))
def test_every_pixel_has_exactly_one_owner(size, more):
    length = size + more
    owners = np.zeros(length, int)
    for span in spans(length, size):
        assert span.stop - span.start == size
        assert 0 <= span.start <= span.own_start < span.own_stop <= span.stop <= length
        owners[span.own_start : span.own_stop] += 1
    assert (owners == 1).all()


@given(st.integers(1, 40), st.integers(0, 100))
def test_no_other_window_holds_a_pixel_deeper_inside_than_its_owner(size, more):
    windows = spans(size + more, size)
    for owner in windows:
        for pixel in range(owner.own_start, owner.own_stop):
            depth = min(pixel - owner.start, owner.stop - 1 - pixel)
            others = [min(pixel - span.start, span.stop - 1 - pixel) for span in windows]
            assert depth == max(others)


def test_patches_larger_than_the_place_are_refused():
    with pytest.raises(ValueError, match="patches of 9 pixels do not fit into 8"):
        spans(8, 9)


def test_held_out_ground_lies_at_the_end_of_the_longer_side():
    wide = split_ground((2, 10), held_out=0.3, gap=2)
    assert wide.tolist() == [[1, 1, 1, 1, 1, 0, 0, 4, 4, 4]] * 2
    tall = split_ground((10, 2), held_out=0.3, gap=2)
    np.testing.assert_array_equal(tall, wide.T)


def test_without_held_out_ground_there_is_no_gap():
    assert split_ground((2, 3), held_out=0, gap=17).tolist() == [[1, 1, 1]] * 2


@pytest.mark.parametrize(("shape", "held_out", "gap"), [((9, 20), 0.3, 14), ((2, 10), 0.01, 2)])
def test_ground_too_small_to_split_is_refused(shape, held_out, gap):
    with pytest.raises(ValueError, match=rf"a place of {shape[0]} x {shape[1]} pixels cannot be"):
        split_ground(shape, held_out, gap)


def test_folds_of_overlapping_patches_add_up_to_the_ground():
    ground = split_ground((7, 11), held_out=0.3, gap=2)
    total = np.zeros((7, 11), int)
    for rows in spans(7, 4):
        for cols in spans(11, 4):
            folds = patch_folds(ground, rows, cols)
            assert folds.shape == (4, 4)
            total[rows.start : rows.stop, cols.start : cols.stop] += folds
    np.testing.assert_array_equal(total, ground)
