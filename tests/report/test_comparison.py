import numpy as np
import pandas as pd
import pytest

from pimc.evaluation.runs import ArmResult, StoredResult
from pimc.evaluation.task_options import TaskOptions
from pimc.report.classification import (
    ClassifiedSamples,
    class_table,
    classification_tables,
    count_by_group,
    mean_confusion,
)
from pimc.report.comparison import pretraining_label

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 200)
SAMPLES = ClassifiedSamples(
    LABELS,
    np.repeat([f"patch{k}" for k in range(20)], 10),
    ("a", "b", "c"),
    np.arange(200) // 5 % 2,
)
OPTIONS = TaskOptions(
    arms={"good": {"kind": "linear"}, "poor": {"kind": "majority"}},
    efforts={"quick": {"budgets": {"all": {}}}},
    references=["poor"],
    resamples=300,
)


def stored(arm, predicted, seed=0, rotation=0, rows=None, transductive="none"):
    rows = np.arange(len(LABELS)) if rows is None else rows
    arrays = {
        "test_rows": rows,
        "test": predicted[rows],
        "validation_rows": rows[:10],
        "validation": predicted[rows[:10]],
    }
    facts = {"chosen": {}, "seconds": 1.0, "train_samples": 8, "transductive": transductive}
    return StoredResult(arm, "linear", None, "all", seed, rotation, ArmResult(arrays, facts, {}))


def wrong_at(share, seed):
    wrong = np.random.default_rng(seed).random(len(LABELS)) < share
    return np.where(wrong, (LABELS + 1) % 3, LABELS)


def pixel_scores(results, score="accuracy"):
    scores, _ = classification_tables(results, SAMPLES, OPTIONS)
    return scores[(scores["unit"] == "pixel") & (scores["score"] == score)].set_index("arm")


def test_the_value_is_the_mean_over_seeds_of_the_score_on_all_samples():
    predictions = [wrong_at(0.2, seed) for seed in range(3)]
    row = pixel_scores([stored("good", p, seed) for seed, p in enumerate(predictions)]).loc["good"]
    accuracies = [(p == LABELS).mean() for p in predictions]
    assert row["value"] == pytest.approx(np.mean(accuracies))
    assert row["seed_std"] == pytest.approx(np.std(accuracies, ddof=1))
    assert row["low"] < row["value"] < row["high"]
    assert row["seeds"] == 3


def test_rotations_are_pooled_so_that_each_sample_counts_once():
    predicted = wrong_at(0.3, 5)
    parts = [np.arange(start, 200, 5) for start in range(5)]
    results = [stored("good", predicted, rotation=k, rows=rows) for k, rows in enumerate(parts)]
    row = pixel_scores(results).loc["good"]
    assert row["value"] == pytest.approx((predicted == LABELS).mean())
    assert row["rotations"] == 5


def test_the_interval_is_that_of_a_slow_bootstrap_over_patches():
    predicted = wrong_at(0.3, 7)
    hits = (predicted == LABELS).reshape(20, 10).mean(axis=1)
    rng = np.random.default_rng(1)
    slow = [hits[rng.integers(0, 20, 20)].mean() for _ in range(4000)]
    row = pixel_scores([stored("good", predicted)]).loc["good"]
    assert row["low"] == pytest.approx(np.percentile(slow, 2.5), abs=0.015)
    assert row["high"] == pytest.approx(np.percentile(slow, 97.5), abs=0.015)


def test_differences_are_paired():
    # each arm's own interval is wide, for patches differ; their difference hardly varies
    hard = np.repeat(np.arange(20) < 10, 10)
    base = np.where(hard, (LABELS + 1) % 3, LABELS)
    better = base.copy()
    better[::10] = LABELS[::10]
    _, differences = classification_tables(
        [stored("good", better), stored("poor", base)], SAMPLES, OPTIONS
    )
    row = differences.query("unit == 'pixel' and score == 'accuracy'").iloc[0]
    assert (row["arm"], row["reference"]) == ("good", "poor")
    assert row["difference"] == pytest.approx(0.05)
    assert row["high"] - row["low"] < 0.05
    scores = pixel_scores([stored("good", better), stored("poor", base)])
    assert (scores["high"] - scores["low"]).min() > 0.3


def test_validation_chooses_the_arm_and_not_the_test():
    sly = wrong_at(0.0, 0)
    sly[:10] = (LABELS[:10] + 1) % 3  # the rows of validation
    scores = pixel_scores([stored("good", sly), stored("poor", wrong_at(0.4, 1))])
    assert scores["value"].idxmax() == "good"
    assert scores.index[scores["chosen"]].tolist() == ["poor"]


def test_parcels_vote_within_their_patch():
    # parcel 1 of each patch is its last five pixels
    predicted = LABELS.copy()
    scores, _ = classification_tables([stored("good", predicted)], SAMPLES, OPTIONS)
    parcels = scores.query("unit == 'parcel' and score == 'accuracy'").iloc[0]
    assert parcels["value"] == 1
    by_parcel = LABELS.reshape(20, 2, 5)[:, 1]
    winners = [np.bincount(each).argmax() for each in by_parcel]
    (evidence,) = count_by_group([stored("good", predicted)], SAMPLES, parcels=True)
    assert np.trace(evidence.test[0].sum(axis=0)) == 20
    assert evidence.test[0].sum(axis=(0, 2)).tolist() == np.bincount(winners, minlength=3).tolist()


def test_classes_and_confusion():
    predicted = np.where(LABELS == 2, 0, LABELS)
    evidence = count_by_group([stored("good", predicted)], SAMPLES)
    table = class_table(evidence, SAMPLES.classes).set_index("class")
    assert table.loc["c", "recall"] == 0 and table.loc["b", "f1"] == 1
    assert table["samples"].tolist() == np.bincount(LABELS).tolist()
    assert mean_confusion(evidence[0]).tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("seen", "label"),
    [
        (["none", "none"], "none"),
        ([False, False], "inductive"),
        ([False, True], "transductive"),
        ([None, None], "unknown"),
        ([None, True], "transductive"),
    ],
)
def test_pretraining_labels(seen, label):
    assert pretraining_label(seen) == label
    results = [stored("good", LABELS, rotation=k, transductive=s) for k, s in enumerate(seen)]
    assert pixel_scores(results).loc["good", "pretraining"] == label


def test_without_its_reference_there_are_no_differences():
    _, differences = classification_tables([stored("good", LABELS)], SAMPLES, OPTIONS)
    assert isinstance(differences, pd.DataFrame) and differences.empty


def test_a_class_in_few_patches_is_part_of_every_resample():
    labels = np.where(np.arange(200) < 10, 2, LABELS % 2)  # a class that one patch of 20 has
    samples = ClassifiedSamples(labels, SAMPLES.group, SAMPLES.classes)
    wrong = np.where(labels == 2, 0, labels)  # which is never found: its F1 is 0
    scores, _ = classification_tables([stored("good", wrong)], samples, OPTIONS)
    row = scores.set_index("score").loc["macro_f1"]
    assert row["value"] < row["high"] < 0.7  # without the class it would be near 1


def test_one_patch_alone_gives_no_interval():
    one = np.arange(10)
    results = [stored(arm, LABELS, rows=one) for arm in ("good", "poor")]
    scores, differences = classification_tables(results, SAMPLES, OPTIONS)
    assert scores[["low", "high"]].isna().all(axis=None) and scores["value"].notna().all()
    assert differences[["low", "high"]].isna().all(axis=None)


def test_parcels_must_lie_in_the_tested_ground():
    parcel = np.where(np.arange(200) < 10, 1, 0)
    samples = ClassifiedSamples(LABELS, SAMPLES.group, SAMPLES.classes, parcel)
    units = [
        set(classification_tables([stored("good", LABELS, rows=rows)], samples, OPTIONS)[0]["unit"])
        for rows in (np.arange(10, 60), np.arange(60))
    ]
    assert units == [{"pixel"}, {"pixel", "parcel"}]
