import numpy as np
import pytest

from pimc.data.folds import FOLDS, FoldOptions, rotate
from pimc.evaluation.arms import Budget
from pimc.evaluation.protocol import at_most, draw_labels, split_by_fold, split_rotations

LABELS = np.repeat([0, 1, 2], [50, 30, 3])
ROWS = np.arange(83)


def test_rotations_test_each_fold_once():
    rotated = [rotate(FoldOptions(), k) for k in range(5)]
    assert (rotated[1].train, rotated[1].validation, rotated[1].test) == ((2, 3, 4), (5,), (1,))
    assert sorted(fold for each in rotated for fold in each.test) == list(FOLDS)


def test_splits_hold_eligible_samples_of_their_folds():
    fold = np.array([1, 2, 3, 4, 5, 5, 4, 1])
    eligible = np.array([1, 1, 1, 1, 1, 0, 1, 0], bool)
    split = split_by_fold(fold, eligible, FoldOptions())
    assert split.train.tolist() == [0, 1, 2]
    assert split.validation.tolist() == [3, 6]
    assert split.test.tolist() == [4]


def test_an_empty_part_is_named():
    with pytest.raises(ValueError, match="no sample for validation, test"):
        split_by_fold(np.array([1, 2]), np.ones(2, bool), FoldOptions())


def test_shots_are_drawn_of_each_class_as_far_as_it_goes():
    drawn = draw_labels(LABELS, ROWS, Budget("b", shots=5), np.random.default_rng(0))
    assert np.bincount(LABELS[drawn]).tolist() == [5, 5, 3]
    assert (np.diff(drawn) > 0).all()
    again = draw_labels(LABELS, ROWS, Budget("b", shots=5), np.random.default_rng(1))
    assert drawn.tolist() != again.tolist()


def test_a_share_keeps_every_class():
    drawn = draw_labels(LABELS, ROWS, Budget("b", share=0.1), np.random.default_rng(0))
    assert np.bincount(LABELS[drawn]).tolist() == [5, 3, 1]


def test_all_labels_are_all():
    assert draw_labels(LABELS, ROWS, Budget("b"), np.random.default_rng(0)) is ROWS


def test_at_most():
    assert at_most(ROWS, None, np.random.default_rng(0)) is ROWS
    kept = at_most(ROWS, 10, np.random.default_rng(0))
    assert len(set(kept.tolist())) == 10 and (np.diff(kept) > 0).all()


def test_five_rotations_test_every_sample_once():
    fold = np.array([1, 2, 3, 4, 5, 5, 1])
    splits = split_rotations(fold, np.ones(7, bool), FoldOptions(), 5)
    assert sorted(np.concatenate([split.test for split in splits])) == list(range(7))
    assert splits[1].test.tolist() == [0, 6] and splits[1].validation.tolist() == [4, 5]
