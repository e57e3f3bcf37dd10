"""What is trained and fitted does not change with the ground that it is tested on.

Test ground gets other labels, series and images; encoders, normalisation, the transform, fitted
heads and what they predict of validation stay the same to the bit.
"""

from dataclasses import replace

import numpy as np
import pytest
from cases.small_corpus import PRETRAINING
from test_pixel_classification_pipeline import CLASSES, CORPUS, FOLDS, PLOT, options, planned

from pimc.catalog.encoders_by_key import EncodersByKey
from pimc.data.folds import rotate
from pimc.pipelines.pixel_classification.nodes import plan_encoders
from pimc.pretraining.ground import seen_ground

ARMS = {
    "forest": {"kind": "forest", "input": "series", "trees": 3},
    "nearest": {"kind": "knn", "input": "series"},
    "linear": {"kind": "linear", "input": "series"},
    "probe": {"kind": "linear", "input": "pretrained"},
    "both": {"kind": "linear", "input": "pretrained_both"},
}
NETWORKS = {
    "scratch": {"kind": "network", "input": "random", "epochs": 1},
    "tuned": {"kind": "network", "input": "pretrained", "epochs": 1},
}
EFFORTS = {"quick": {"budgets": {"few": {"shots": 3}, "all": {}}, "max_train": 40}}


def altered(corpus, folds, labels=True, ground=True):
    """The corpus with other labels, or other series and images, on some folds."""
    rng = np.random.default_rng(7)
    rows = corpus.rows(folds)
    pixels, series = corpus.pixels.copy(), np.array(corpus.index_series)
    frames = np.array(corpus.frames)
    if labels:
        pixels.loc[rows, "label"] = 1 - pixels.loc[rows, "label"]
    if ground:
        series[rows] = rng.uniform(-0.2, 0.9, series[rows].shape)
        shown = corpus.frame_choices[rows]
        numbers = np.unique(shown[shown >= 0])
        frames[numbers] = rng.integers(1, 9000, frames[numbers].shape)
    return replace(corpus, pixels=pixels, index_series=series, frames=frames)


CHANGES = {"labels": {"ground": False}, "ground": {"labels": False}, "both": {}}


def make_all(corpus, arms=ARMS, **given):
    tasks = planned(corpus=corpus, arms=arms, efforts=EFFORTS, **given)
    return {name: task.make() for name, task in tasks.items()}


@pytest.fixture(scope="module", params=[ARMS, pytest.param(NETWORKS, marks=pytest.mark.slow)])
def heads(request):
    """Some arms, and their results on the corpus as it is."""
    return request.param, make_all(CORPUS, request.param)


@pytest.mark.parametrize("change", CHANGES)
def test_heads_know_nothing_of_their_test_ground(heads, change):
    arms, whole = heads
    results = make_all(altered(CORPUS, FOLDS.test, **CHANGES[change]), arms)
    assert results.keys() == whole.keys()
    for name, each in results.items():
        for array in ("validation_rows", "validation", "test_rows"):
            np.testing.assert_array_equal(each.arrays[array], whole[name].arrays[array], name)
        facts, expected = ({**r.facts, "seconds": 0} for r in (each, whole[name]))
        assert facts == expected
        if change == "labels":  # and what they predict of it hangs on its series alone
            np.testing.assert_array_equal(each.arrays["test"], whole[name].arrays["test"])
        else:
            assert each.arrays["test"].shape == whole[name].arrays["test"].shape
    if change != "labels":
        assert any(
            (results[name].arrays["test"] != whole[name].arrays["test"]).any() for name in whole
        )


def trained(corpus, folder):
    given = options(encoders="by_rotation")
    both = replace(PRETRAINING, objective=replace(PRETRAINING.objective, pair=1.0))
    tasks = plan_encoders(corpus, CLASSES, PLOT, both, FOLDS, given, folder / "checkpoints")
    store = EncodersByKey(str(folder / "pixel_classification.encoders"))
    store.save(tasks)
    return {name: (each.digest, each.image.digest, each) for name, each in store.load().items()}


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    return trained(CORPUS, tmp_path_factory.mktemp("whole"))


def test_encoders_of_a_rotation_have_not_seen_its_test_ground(encoders, tmp_path):
    for rotation, (name, (series, images, _)) in enumerate(encoders.items()):
        test = rotate(FOLDS, rotation).test
        others = trained(altered(CORPUS, test), tmp_path / str(rotation))
        assert others[name][:2] == (series, images)
        for other, each in enumerate(encoders):  # who learns from that ground is another
            if set(test) & set(rotate(FOLDS, other).train):
                assert others[each][0] != encoders[each][0]
                assert others[each][1] != encoders[each][1]


def test_statistics_are_of_training_ground(encoders, tmp_path):
    (_, _, first), *_ = encoders.values()
    others = trained(altered(CORPUS, FOLDS.validation), tmp_path)
    changed = next(iter(others.values()))[2]
    assert changed.load().config.recurrence == first.load().config.recurrence
    assert changed.image.load().config.mean == first.image.load().config.mean
    assert changed.image.load().config.std == first.image.load().config.std


def test_an_encoder_that_has_seen_its_test_ground_is_labelled_so():
    tests = {"probe-all-seed0-rotation0", "both-all-seed0-rotation0"}
    seen = seen_ground(CORPUS.pairs(FOLDS.test))
    from test_pixel_classification_pipeline import IMAGES, SERIES

    def labelled(ground):
        pair = [
            type(each)(replace(each.config, trained_on=ground)).eval() for each in (SERIES, IMAGES)
        ]
        arms = {name: ARMS[name] for name in ("probe", "both")}
        results = make_all(CORPUS, arms, series=pair[0], images=pair[1])
        return {name: results[name].facts["transductive"] for name in tests}

    assert labelled(seen) == dict.fromkeys(tests, True)
    assert labelled({"elsewhere": (1,)}) == dict.fromkeys(tests, False)


def test_no_patch_is_in_two_parts():
    parts = [CORPUS.pixels.iloc[CORPUS.rows(folds)] for folds in
             (FOLDS.train, FOLDS.validation, FOLDS.test)]  # fmt: skip
    arrays = make_all(CORPUS, {"nearest": ARMS["nearest"]})["nearest-all-seed0-rotation0"].arrays
    test, validation = (
        set(CORPUS.pixels.iloc[arrays[name]]["patch"]) for name in ("test_rows", "validation_rows")
    )
    assert test == set(parts[2]["patch"]) and validation == set(parts[1]["patch"])
    assert not test & validation and not (test | validation) & set(parts[0]["patch"])
