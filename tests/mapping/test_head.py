"""Classes from embeddings: an affine head, and predictions of what it has not seen."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pimc.data.patch import UNUSED_FOLD
from pimc.mapping.head import WITHOUT_FOLDS, Head, fit_head
from pimc.mapping.labelled import LabelledPixels

NAMES = ("barley", "maize", "meadow", "oats", "rape")


def labelled(codes, folds, seed=0, spread=1.2, size=5):
    """Pixels around the centres of their classes; the last dimension never varies."""
    rng = np.random.default_rng(seed)
    codes, folds = np.asarray(codes), np.asarray(folds)
    centres = 10 + 3 * np.random.default_rng(7).standard_normal((len(NAMES), size))
    embedding = centres[codes] + spread * 3 * rng.standard_normal((len(codes), size))
    embedding[:, -1] = 4
    pixels = pd.DataFrame(
        {
            "place": "farm",
            "season": 0,
            "label": codes,
            "parcel": np.arange(len(codes)) // 4,
            "fold": folds,
        }
    )
    return LabelledPixels(pixels, embedding.astype(np.float32), NAMES)


def in_folds(codes, each=40, seed=0):
    """Pixels of these codes in all five folds."""
    rng = np.random.default_rng(seed)
    return labelled(rng.choice(codes, 5 * each), np.repeat([1, 2, 3, 4, 5], each))


@pytest.mark.parametrize("codes", [(1, 3), (0, 1, 3, 4)])
def test_probabilities_are_those_of_the_regression_on_standardised_features(codes):
    known = in_folds(codes)
    head, _ = fit_head(known, [0.3])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=300))
    model.fit(known.embedding, known.pixels["label"])
    np.testing.assert_allclose(
        head.probabilities(known.embedding), model.predict_proba(known.embedding), atol=2e-5
    )
    assert head.names == tuple(NAMES[code] for code in codes)
    assert head.weights.shape == (5, len(codes)) and not head.weights[-1].any()
    assert head.weights.dtype == head.offset.dtype == np.float32


def test_probabilities_by_hand():
    head = Head(
        np.array([[0, 1.0], [0, 0]]), np.array([0, np.log(3)]), np.array([1, 4]), NAMES, 1.0
    )
    embedding = np.array([[0, 9], [-np.log(3), 9], [5_000, 0], [np.nan, np.nan]], np.float32)
    expected = [[1 / 4, 3 / 4], [1 / 2, 1 / 2], [0, 1], [np.nan, np.nan]]
    np.testing.assert_allclose(head.probabilities(embedding), expected, atol=1e-6)
    assert head.names == ("maize", "rape")


def test_every_pixel_of_a_fold_is_predicted_once():
    known = in_folds((0, 1, 2))
    known.pixels.loc[[0, 50, 199], "fold"] = UNUSED_FOLD
    _, held_out = fit_head(known, [0.01, 1.0])
    assert sorted(held_out.rows) == [row for row in range(200) if row not in (0, 50, 199)]
    right = held_out.predicted == known.pixels["label"].to_numpy()[held_out.rows]
    assert 0.5 < right.mean() < 1


@pytest.mark.parametrize("fold", [1, 3, 5])
def test_a_fold_is_predicted_by_what_has_not_seen_it(fold):
    known = in_folds((0, 1, 2))
    inside = (known.pixels["fold"] == fold).to_numpy()
    changed = known.pixels.copy()
    changed.loc[inside, "label"] = (changed.loc[inside, "label"] + 1) % 3
    before, after = (
        fit_head(each, [0.01, 1.0]) for each in (known, replace(known, pixels=changed))
    )
    own = inside[before[1].rows]
    np.testing.assert_array_equal(before[1].rows, after[1].rows)
    np.testing.assert_array_equal(before[1].predicted[own], after[1].predicted[own])
    # what has seen it is another: the other folds, and the last head
    assert (before[1].predicted[~own] != after[1].predicted[~own]).any()
    assert np.abs(before[0].weights - after[0].weights).max() > 0.01


def slow_held_out(known, values):
    """Three folds train, the next chooses, the one behind it is predicted; five times."""
    x, y, fold = known.embedding, *(known.pixels[name].to_numpy() for name in ("label", "fold"))
    predicted, scores = np.full(len(y), -1), np.zeros(len(values))
    for test in (1, 2, 3, 4, 5):
        validation = 5 if test == 1 else test - 1
        train = ~np.isin(fold, [test, validation, UNUSED_FOLD])
        accuracy = []
        for c in values:
            model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=300))
            model.fit(x[train], y[train])
            accuracy.append(model.score(x[fold == validation], y[fold == validation]))
            if accuracy[-1] > max(accuracy[:-1], default=-1):
                predicted[fold == test] = model.predict(x[fold == test])
        scores += accuracy
    return predicted, values[int(scores.argmax())]


def test_held_out_predictions_are_those_of_the_slow_reference():
    known = in_folds((0, 2, 4))
    known.pixels.loc[::17, "fold"] = UNUSED_FOLD
    values = [0.001, 0.03, 1.0]
    head, held_out = fit_head(known, values)
    predicted, best = slow_held_out(known, values)
    np.testing.assert_array_equal(held_out.predicted, predicted[held_out.rows])
    assert head.inverse_decay == best


def test_the_last_head_learns_from_labels_between_folds_too():
    known = in_folds((0, 1))
    known.pixels.loc[known.pixels.index[::3], "fold"] = UNUSED_FOLD
    head, _ = fit_head(known, [1.0])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=300))
    model.fit(known.embedding, known.pixels["label"])
    expected = model.predict_proba(known.embedding)
    np.testing.assert_allclose(head.probabilities(known.embedding), expected, atol=2e-5)


def test_labels_in_four_folds_hold_nothing_out(caplog):
    known = in_folds((0, 1))
    known.pixels.loc[known.pixels["fold"] == 2, "fold"] = UNUSED_FOLD
    head, held_out = fit_head(known, [1.0, 10.0])
    assert held_out is None and head.inverse_decay == WITHOUT_FOLDS
    assert "labels lie in 4 of 5 folds: no honest score of the map exists" in caplog.text


def test_a_class_that_lies_in_one_fold_is_never_predicted_there():
    known = in_folds((0, 1))
    known.pixels.loc[known.pixels["fold"] == 3, "label"] = 4
    head, held_out = fit_head(known, [0.1, 1.0])
    third = (known.pixels["fold"] == 3).to_numpy()[held_out.rows]
    assert not (held_out.predicted[third] == 4).any()
    assert head.names == ("barley", "maize", "rape")


def test_folds_that_train_on_one_class_predict_it():
    folds = np.repeat([1, 2, 3, 4, 5], 10)
    known = labelled(np.where(folds == 5, 2, 0), folds)
    _, held_out = fit_head(known, [0.1, 1.0])
    fold = folds[held_out.rows]
    assert (held_out.predicted[fold == 5] == 0).all() and len(held_out.rows) == 50


def test_one_class_alone_is_refused():
    with pytest.raises(ValueError, match="needs labels of two at least, got oats alone"):
        fit_head(in_folds((3,)), [0.1])
