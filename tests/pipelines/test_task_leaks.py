"""What arms of land cover and forecasting fit does not change with what they are tested on.

As in ``test_leaks``, for the tasks that read images and windows: test samples get other labels,
images, contexts and futures; fitted heads and what they predict of validation stay the same.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from cases.synthetic import INDICES

from pimc.data.eurosat.images import CLASSES
from pimc.data.eurosat.land_images import LandImages
from pimc.data.eurosat.list_sets import LISTS
from pimc.data.folds import FoldOptions
from pimc.evaluation.arms import Arm, Budget
from pimc.evaluation.forecast_arms import ForecastingOptions, ForecastPixels
from pimc.evaluation.image_inputs import ImageInputs
from pimc.evaluation.land_cover_arms import LandCoverOptions
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmRun
from pimc.model.architecture import Architecture
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.model.encoders import ImageEncoder
from pimc.pipelines.forecasting import nodes as forecasting
from pimc.pipelines.land_cover import nodes as land_cover
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions
from pimc.signal.series_axes import SeriesAxes

EFFORTS = {"quick": {"budgets": {"few": {"shots": 3}, "all": {}}, "max_train": 30}}
SHORT = {"kind": "network", "epochs": 1, "min_steps": 3, "checks": 1}
IMAGE_ARMS = {
    "statistics": {"kind": "linear", "input": "statistics"},
    "nearest": {"kind": "knn", "input": "statistics"},
    "probe": {"kind": "linear", "input": "pretrained"},
    "random": {"kind": "linear", "input": "random"},
    "scratch": {**SHORT, "input": "random", "augmentation": {"colour": 0.2}},
}
SERIES_ARMS = {
    "last": {"kind": "persistence"},
    "mean": {"kind": "climatology"},
    "ridge": {"kind": "ridge", "input": "series"},
    "random": {"kind": "ridge", "input": "random"},
    "cnn": {**SHORT, "input": "series"},
}


def make(tasks):
    return {name: task.make() for name, task in tasks.items()}


def same(results, whole, arrays):
    assert results.keys() == whole.keys()
    for name, each in results.items():
        for array in arrays:
            np.testing.assert_array_equal(each.arrays[array], whole[name].arrays[array], name)
        facts, expected = ({**r.facts, "seconds": 0} for r in (each, whole[name]))
        assert facts == expected


def differ(results, whole):
    return {
        name.split("-")[0]
        for name in whole
        if (results[name].arrays["test"] != whole[name].arrays["test"]).any()
    }


PARTS = ("validation_rows", "validation", "test_rows")


def land_images():
    """Ten classes of ten images; six train, two choose, two test."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 10).astype(np.uint8)
    tone = rng.integers(30, 180, (10, 3))[labels]
    images = np.clip(tone[:, :, None, None] + rng.normal(0, 25, (100, 3, 16, 16)), 0, 255)
    splits = np.array((["train"] * 6 + ["validation"] * 2 + ["test"] * 2) * 10)
    names = tuple(f"{CLASSES[label]}_{number}" for number, label in enumerate(labels))
    bands = ("B04", "B03", "B02")
    return LandImages(images.astype(np.uint8), bands, labels, splits, names, "a", "own")


LAND = land_images()


def image_encoder():
    torch.manual_seed(0)
    config = ImageEncoderConfig(
        Architecture((8,), embedding_size=8), LAND.bands, (0.1,) * 3, (0.05,) * 3
    )
    return ImageEncoder(config).eval()


def tell_land_cover(images):
    given = LandCoverOptions(
        arms=IMAGE_ARMS, efforts=EFFORTS, device="cpu", precision="32-true", resamples=9
    )
    return make(land_cover.plan_arms(images, image_encoder(), given))


@pytest.fixture(scope="module")
def land():
    return tell_land_cover(LAND)


def test_heads_of_land_cover_know_nothing_of_the_labels_of_test_images(land):
    labels = LAND.labels.copy()
    tested = LAND.splits == "test"
    labels[tested] = (labels[tested] + 3) % 10
    same(tell_land_cover(replace(LAND, labels=labels)), land, (*PARTS, "test"))


def test_heads_of_land_cover_know_nothing_of_test_images(land):
    images = LAND.images.copy()
    tested = LAND.splits == "test"
    images[tested] = 255 - images[tested] // 2
    results = tell_land_cover(replace(LAND, images=images))
    same(results, land, PARTS)
    assert differ(results, land) == set(IMAGE_ARMS)


@pytest.mark.parametrize("source", ["pretrained", "random"])
def test_statistics_of_images_are_of_the_training_list(source):
    images, others = LAND.images.copy(), LAND.splits != "train"
    images[others] = 255 - images[others] // 2
    split = Split(*(np.flatnonzero(LAND.splits == name) for name in LISTS))
    run = ArmRun("land_cover", Arm("probe", "linear", source), Budget("all"), 0, 0)
    before, after = (
        ImageInputs(each, LAND.bands, image_encoder(), "cpu", "32-true").frozen(run, split)
        for each in (LAND.images, images)
    )
    np.testing.assert_array_equal(before[~others], after[~others])
    assert (before[others] != after[others]).any(axis=1).all()


def test_images_are_changed_in_units_of_the_training_list(monkeypatch):
    images, others = LAND.images.copy(), LAND.splits != "train"
    images[others] = 255 - images[others] // 2
    used = set()

    def watch(x, y, augmentation, std, generator):
        used.add(std)
        return x, y

    monkeypatch.setattr("pimc.evaluation.land_cover.augment_images", watch)
    tell_land_cover(LAND)
    tell_land_cover(replace(LAND, images=images))
    assert len(used) == 1
    known = LAND.images[~others].astype(float)
    np.testing.assert_allclose(used.pop(), known.std(axis=(0, 2, 3)), rtol=1e-5)


def test_no_image_is_in_two_parts(land):
    """Nor twice in one; training samples are no more than there are."""
    by_part = {name: set(np.flatnonzero(LAND.splits == name)) for name in set(LAND.splits)}
    for result in land.values():
        for part in ("validation", "test"):
            rows = result.arrays[f"{part}_rows"].tolist()
            assert len(rows) == len(set(rows)) and set(rows) == by_part[part]
        assert result.facts["train_samples"] <= len(by_part["train"])
    assert max(r.facts["train_samples"] for r in land.values()) == 30


def windows(**changed):
    """Ten patches of six pixels, two patches a fold."""
    rng = np.random.default_rng(0)
    level = rng.uniform(0.2, 0.8, (60, 1, 1))
    context = level + rng.normal(0, 0.05, (60, len(INDICES), 12))
    targets = level[:, :, :1] * (0.9, 0.6) + rng.normal(0, 0.02, (60, 1, 2))
    patch = np.repeat(np.arange(10), 6)
    pixels = pd.DataFrame({"patch": [f"p{k}" for k in patch], "fold": patch % 5 + 1})
    given = {
        "pixels": pixels,
        "context": context.astype(np.float32),
        "observed": np.ones((60, 12), bool),
        "targets": targets.astype(np.float32),
        "unscreened": targets.astype(np.float32),
        "axes": SeriesAxes(INDICES, CalendarOptions(length=16)),
        "forecast": INDICES[:1],
    }
    return ForecastPixels(**{**given, **changed})


KNOWN = windows()
TESTED = KNOWN.pixels["fold"].isin(FoldOptions().test).to_numpy()


def foretell(known, **changed):
    given = ForecastingOptions(
        arms=SERIES_ARMS,
        efforts=EFFORTS,
        window={"context": 12, "horizon": 2},
        device="cpu",
        preset="tiny",
        **changed,
    )
    return make(
        forecasting.plan_arms(
            known, None, {}, RecurrenceOptions(scale="standard"), FoldOptions(), given
        )
    )


@pytest.fixture(scope="module")
def foretold():
    return foretell(KNOWN)


def test_forecasts_know_nothing_of_the_future_of_test_pixels(foretold):
    targets = KNOWN.targets.copy()
    targets[TESTED] = 1 - targets[TESTED]
    same(foretell(replace(KNOWN, targets=targets)), foretold, (*PARTS, "test"))


def test_forecasts_are_fitted_without_the_contexts_of_test_pixels(foretold):
    context = KNOWN.context.copy()
    context[TESTED] = 1 - context[TESTED]
    results = foretell(replace(KNOWN, context=context))
    same(results, foretold, PARTS)
    assert differ(results, foretold) == set(SERIES_ARMS) - {"mean"}


def test_another_seed_draws_other_training_pixels(foretold):
    results = foretell(KNOWN, seed=1)
    assert differ(results, foretold) >= {"mean", "ridge"}


def test_scales_of_forecasts_are_of_training_contexts(foretold):
    context = KNOWN.context.copy()
    chooses = KNOWN.pixels["fold"].isin(FoldOptions().validation).to_numpy()
    context[chooses] = 3 * context[chooses]
    results = foretell(replace(KNOWN, context=context))
    for name, each in results.items():
        assert each.facts["scale"] == foretold[name].facts["scale"]
