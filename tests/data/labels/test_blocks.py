"""Features dealt to folds: whole, by blocks, with every class in all folds where that can be."""

import numpy as np
import pytest

from pimc.data.labels.blocks import (
    Coarse,
    cuttings,
    deal_features,
    far_inside,
    gap_reach,
)


def place(parcels, step=1):
    parcels = np.asarray(parcels, np.int32)
    return Coarse(parcels, step, tuple(step * side for side in parcels.shape))


def chequers(rows, cols, classes=2, side=6, apart=10):
    """Fields of ``side`` pixels, ``apart`` from each other, their classes in turn."""
    pitch = side + apart
    parcels = np.zeros((rows * pitch, cols * pitch), np.int32)
    centres = np.full((rows * cols + 1, 3), np.nan)
    for number in range(rows * cols):
        row, col = divmod(number, cols)
        parcels[row * pitch : row * pitch + side, col * pitch : col * pitch + side] = number + 1
        centres[number + 1] = 0, row * pitch + side / 2, col * pitch + side / 2
    codes = np.array([(number // cols + number % cols) % classes for number in range(rows * cols)])
    return place(parcels), centres, codes


def test_ground_far_inside_is_apart_from_other_ground_by_the_gap():
    territory = np.ones((9, 20), np.uint8)
    territory[:, 12:] = 2
    territory[4, 3] = 5
    for gap in (1, 2, 3, 4):
        reach = gap_reach(gap)
        inside = far_inside(territory, reach)
        cells = np.argwhere(inside)
        folds = territory[inside]
        apart = np.abs(cells[:, None] - cells[None]).max(axis=2)
        other = folds[:, None] != folds[None]
        assert apart[other].min() - 1 == 2 * reach >= gap
    assert far_inside(territory, 0).all()
    # by hand: one cell of another fold takes a square of 3 x 3 with a reach of 1
    assert not far_inside(territory, 1)[3:6, 2:5].any()
    assert far_inside(territory, 1)[:, :2].all() and far_inside(territory, 1)[3:6, 5].all()


def test_ground_belongs_to_the_nearest_feature():
    nearest = place([[1, 0, 0, 0, 0, 2]]).nearest()
    assert nearest.parcels.tolist() == [[1, 1, 1, 2, 2, 2]]
    coarse = place([[1, 2]], step=3)
    assert coarse.at(slice(0, 2), slice(1, 5)).tolist() == [[1, 1, 2, 2]] * 2


def test_blocks_hold_the_features_whose_centre_lies_in_them():
    centres = np.full((8, 3), np.nan)
    centres[1:7] = [(0, 5, 5), (0, 5, 95), (0, 95, 5), (0, 95, 95), (1, 5, 5), (0, 5, 8)]
    first = next(cuttings(centres, 100))
    assert first[0] == first[7] == 0  # it labels nothing
    assert first[1] == first[6] and len(set(first[1:6])) == 5  # halves, and the other place


@pytest.mark.parametrize("seed", [0, 1])
def test_all_classes_lie_in_all_folds_and_features_stay_whole(seed):
    coarse, centres, codes = chequers(6, 6)
    deal = deal_features([coarse], centres, codes, gap=4, seed=seed)
    again = deal_features([coarse], centres, codes, gap=4, seed=seed)
    np.testing.assert_array_equal(deal.folds, again.folds)
    assert {(c, f) for c, f in zip(codes, deal.folds[1:], strict=True)} == {
        (c, f) for c in (0, 1) for f in (1, 2, 3, 4, 5)
    }
    for block in np.unique(deal.blocks[1:]):
        assert len(np.unique(deal.folds[1:][deal.blocks[1:] == block])) == 1


def test_a_wide_gap_asks_for_large_blocks():
    coarse, centres, codes = chequers(8, 8, apart=6)
    near, far = (deal_features([coarse], centres, codes, gap, seed=0) for gap in (2, 20))
    assert near.blocks.max() > far.blocks.max() >= 5


def test_where_no_five_folds_have_labels_there_is_no_deal():
    coarse, centres, codes = chequers(2, 2)
    assert deal_features([coarse], centres, codes, gap=4, seed=0) is None
    # enough features, but so near that gaps take all but one fold
    coarse, centres, codes = chequers(3, 3, side=2, apart=1)
    assert deal_features([coarse], centres, codes, gap=20, seed=0) is None
