"""Which classes take part: all but void, or those with labels in all five folds."""

import math

import numpy as np
import pandas as pd
import pytest

from pimc.evaluation.pixel_arms import PixelOptions
from pimc.evaluation.runs import ArmResult, StoredResult
from pimc.report.classification_report import (
    describe_samples,
    list_unscored,
    warn_of_few_groups,
)

CLASSES = ["Void", "Background", "rye", "oats"]


def pixels(**folds):
    """One pixel of each class in each of its folds, and one without a class."""
    rows = [(CLASSES.index(name), fold) for name, there in folds.items() for fold in there]
    table = pd.DataFrame([*rows, (-1, 1)], columns=["label", "fold"])
    return table.assign(patch="p", block=table["fold"] + 10, parcel=np.arange(len(table)) + 1)


def options(**given):
    return PixelOptions(
        arms={"majority": {"kind": "majority"}},
        efforts={"quick": {"budgets": {"all": {}}}},
        **given,
    )


def classes_of(samples):
    return {CLASSES[code] for code in samples["label"]}


ALL = (1, 2, 3, 4, 5)
LABELS = pixels(Void=ALL, Background=ALL, rye=ALL, oats=(2, 4))


def test_without_a_wish_all_but_void_take_part_in_whichever_folds_they_lie():
    assert classes_of(options().samples(LABELS, CLASSES)) == {"Background", "rye", "oats"}
    assert classes_of(options(background=False).samples(LABELS, CLASSES)) == {"rye", "oats"}
    assert not options().unscored(LABELS, CLASSES)
    assert list_unscored(LABELS, CLASSES, options()).empty


def test_a_class_of_the_user_may_be_called_void():
    samples = options(void=None).samples(LABELS, CLASSES)
    assert classes_of(samples) == set(CLASSES)


def test_a_class_that_lacks_in_a_fold_has_no_score_and_is_named(caplog):
    own = options(void=None, in_all_folds=True)
    samples = own.samples(LABELS, CLASSES)
    assert classes_of(samples) == {"Void", "Background", "rye"}
    assert samples["corpus_row"].tolist() == list(range(15))
    assert own.unscored(LABELS, CLASSES) == {3: (2, 4)}
    (row,) = list_unscored(LABELS, CLASSES, own).to_dict("records")
    assert row["class"] == "oats" and row["arm"] == "no honest score: labels in 2 of 5 folds"
    assert row["samples"] == 0 and "f1" not in row
    assert "no honest score exists for oats in 2 of 5 folds" in caplog.text


def test_where_fewer_than_two_classes_can_be_scored_there_are_no_numbers():
    few = pixels(rye=ALL, oats=(2, 4))
    own = options(void=None, in_all_folds=True)
    with pytest.raises(ValueError, match="no honest score can be given") as caught:
        own.samples(few, CLASSES)
    assert "rye in 5 of 5 folds, oats in 2 of 5 folds" in str(caught.value)
    assert len(options().samples(few, CLASSES)) == 7
    with pytest.raises(ValueError, match="bring labels"):
        own.samples(few.assign(label=-1), CLASSES)


def test_intervals_draw_blocks_of_labels_where_there_are_any():
    own = options(void=None, in_all_folds=True)
    assert set(describe_samples(LABELS, CLASSES, own).group) == {11, 12, 13, 14, 15}
    bare = LABELS.drop(columns="block")
    assert set(describe_samples(bare, CLASSES, own).group) == {"p"}
    assert not math.isnan(describe_samples(LABELS, CLASSES, own).parcel.sum())


def test_test_samples_in_few_blocks_are_warned_about(caplog):
    samples = describe_samples(LABELS, CLASSES, options(void=None, in_all_folds=True))
    for rows, told in ((np.arange(15), False), (np.flatnonzero(samples.group == 15), True)):
        caplog.clear()
        result = ArmResult({"test_rows": rows}, {}, {})
        warn_of_few_groups([StoredResult("a", "k", None, "all", 0, 0, result)], samples)
        assert ("test samples lie in 1 blocks" in caplog.text) is told
