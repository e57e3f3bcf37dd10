import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    confusion_matrix,
    f1_score,
    jaccard_score,
    precision_recall_fscore_support,
)

from pimc.report.metrics import (
    bootstrap_weights,
    class_scores,
    classification_scores,
    confusion,
    grouped_confusion,
    interval,
    vote,
)

TRUTH = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 2, 3])


def test_scores_computed_by_hand():
    counts = confusion(TRUTH, PREDICTED, 4)
    assert counts.tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    each = class_scores(counts)
    np.testing.assert_allclose(each["recall"], [2 / 3, 1 / 2, 0, np.nan])
    np.testing.assert_allclose(each["precision"], [1, 1 / 2, 0, np.nan])
    np.testing.assert_allclose(each["f1"], [4 / 5, 1 / 2, 0, np.nan])
    np.testing.assert_allclose(each["iou"], [2 / 3, 1 / 3, 0, np.nan])
    scores = classification_scores(counts)
    assert scores["accuracy"] == pytest.approx(3 / 6)
    assert scores["macro_f1"] == pytest.approx((4 / 5 + 1 / 2) / 3)
    assert scores["miou"] == pytest.approx((2 / 3 + 1 / 3) / 3)


@given(st.integers(0, 2**32 - 1))
def test_scores_agree_with_scikit_learn_on_the_classes_that_occur(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 4, (2, 30))
    labels = np.unique(truth)
    counts = confusion(truth, predicted, 5)
    assert (counts == confusion_matrix(truth, predicted, labels=range(5))).all()
    scores, options = classification_scores(counts), {"labels": labels, "average": "macro"}
    assert scores["macro_f1"] == pytest.approx(f1_score(truth, predicted, **options))
    assert scores["miou"] == pytest.approx(jaccard_score(truth, predicted, **options))
    _, recall, f1, _ = precision_recall_fscore_support(truth, predicted, labels=labels)
    np.testing.assert_allclose(class_scores(counts)["recall"][labels], recall)
    np.testing.assert_allclose(class_scores(counts)["f1"][labels], f1)


def test_groups_add_up_to_the_whole():
    group = np.array([0, 2, 2, 0, 2, 2])
    counts = grouped_confusion(TRUTH, PREDICTED, group, 3, 4)
    assert (counts.sum(axis=0) == confusion(TRUTH, PREDICTED, 4)).all()
    assert counts[1].sum() == 0 and counts[0].sum() == 2


def test_classes_beyond_the_list_are_refused():
    with pytest.raises(ValueError, match=r"predicted classes must be 0..2, got 0..3"):
        confusion(TRUTH, PREDICTED, 3)


def test_a_vote_takes_the_most_frequent_class_and_the_lowest_of_equals():
    group, values = np.array([0, 0, 0, 1, 1]), np.array([2, 2, 0, 3, 1])
    assert vote(group, values, 4).tolist() == [2, 1]


def test_resamples_weigh_all_groups_and_leave_none_out():
    weights = bootstrap_weights(7, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(weights.sum(axis=1), 7)
    assert (weights > 0).all()
    # 7 times a share that is beta distributed with 1 and 6: mean 1, variance 6 / 8
    assert weights.mean(axis=0) == pytest.approx(np.ones(7), abs=0.05)
    assert weights.var() == pytest.approx(6 / 8, abs=0.04)


def test_the_interval_leaves_out_a_fortieth_on_each_side():
    assert interval(np.arange(1001.0)) == (25.0, 975.0)
