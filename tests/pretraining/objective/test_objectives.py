"""Trainings with other objectives than the paper's."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from cases.synthetic import BANDS, CALENDAR, RECURRENCE, make_pairs

from pimc.data.unpaired_images import UnpairedImages
from pimc.pretraining.corpus import EncoderInputs
from pimc.pretraining.kept_encoder import remove_checkpoint
from pimc.pretraining.objective_options import ObjectiveOptions
from pimc.pretraining.options import (
    BatchOptions,
    EvaluationOptions,
    ImageViewOptions,
    PretrainingOptions,
)
from pimc.pretraining.pretrain import pretrain
from pimc.training.optimiser import OptimiserOptions

OPTIONS = PretrainingOptions(
    preset="tiny",
    max_epochs=2,
    steps_per_epoch=3,
    batch=BatchOptions(size=16, patches=4),
    evaluation=EvaluationOptions(batches=2, gallery=32, patches=3),
    accelerator="cpu",
    progress_bar=False,
)
TRAIN, VALIDATION = make_pairs(6, 0), make_pairs(4, 1)
INPUTS = EncoderInputs(RECURRENCE, CALENDAR, BANDS)
SERIES = (TRAIN.series_alone(), VALIDATION.series_alone())


def run(folder, objective, data=(TRAIN, VALIDATION), log=None, unpaired=None, **changes):
    options = replace(OPTIONS, objective=ObjectiveOptions(**objective), **changes)
    result = pretrain(*data, INPUTS, options, folder, log, unpaired)
    remove_checkpoint(result.checkpoint)  # the same call then trains anew
    return result


def same_weights(one, other):
    weights = one.state_dict(), other.state_dict()
    return all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_series_alone_learn_to_find_their_other_view(tmp_path):
    optimiser = OptimiserOptions(learning_rate=3e-3)
    objective = {"pair": 0, "series": 1}
    result = run(tmp_path, objective, SERIES, optimiser=optimiser, max_epochs=4, steps_per_epoch=25)
    metrics = result.metrics
    assert result.image_encoder is None
    assert metrics["val_loss_of_a_guess"] == pytest.approx(math.log(16))
    assert metrics["val_loss"] < metrics["val_loss_of_a_guess"] - 0.7
    assert metrics["across_patches_recall_at_1"] > 4 * metrics["across_patches_chance_at_1"]
    assert set(result.retrieval["direction"]) == {"series_to_view", "view_to_series"}
    assert "image_rank" not in result.history


def test_an_objective_without_images_does_not_read_those_there_are(tmp_path):
    objective = {"pair": 0, "series": 1}
    with_images = run(tmp_path, objective)
    blank = [replace(data, frames=np.zeros_like(data.frames)) for data in (TRAIN, VALIDATION)]
    others = run(tmp_path, objective, blank)
    assert with_images.image_encoder is None
    assert same_weights(with_images.series_encoder, others.series_encoder)
    pd.testing.assert_frame_equal(with_images.history, others.history)


def test_pairs_need_images(tmp_path):
    with pytest.raises(ValueError, match=r"series alone; set .*objective.pair and image to 0"):
        run(tmp_path, {}, SERIES)
    assert not list(tmp_path.iterdir())


def test_a_cut_run_of_several_terms_ends_as_if_it_had_not_been(tmp_path):
    objective = {"pair": 1, "series": 0.5, "negatives": "soft", "near": 0.1}
    whole = run(tmp_path, objective)

    def cut(metrics, step):
        if step == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run(tmp_path, objective, log=cut)
    assert len(list(tmp_path.rglob("*.ckpt"))) == 1
    resumed = run(tmp_path, objective)
    assert same_weights(resumed.series_encoder, whole.series_encoder)
    assert same_weights(resumed.image_encoder, whole.image_encoder)
    pd.testing.assert_frame_equal(resumed.history, whole.history)


def test_losses_are_logged_by_term_and_their_weighted_sum_is_the_loss(tmp_path):
    records = []
    weights = {"pair": 0.5, "series": 2.0, "masked": 0.25}
    result = run(tmp_path, weights, log=lambda metrics, step: records.append(metrics))
    for split in ("train", "val"):
        history = result.history
        total = sum(weight * history[f"{split}_{name}"] for name, weight in weights.items())
        np.testing.assert_allclose(history[f"{split}_loss"], total, rtol=1e-5)
    assert {"train_loss", "train_pair", "train_series", "train_masked"} <= set(records[0])
    assert result.metrics["val_loss_of_a_guess"] == pytest.approx(2.5 * math.log(16) + 0.25)


@pytest.mark.parametrize(
    "objective",
    [
        {"loss": "siglip", "negatives": "exclude", "near": 0.2},
        {"loss": "vicreg", "pair": 0.0, "series": 1.0},
    ],
)
def test_other_losses_train(tmp_path, objective):
    result = run(tmp_path, objective)
    assert np.isfinite(result.history[["train_loss", "val_loss"]]).all(axis=None)
    assert "val_loss_of_a_guess" not in result.metrics
    assert ("temperature" in result.history) == (objective["loss"] == "siglip")


def test_the_masked_term_learns_what_was_hidden(tmp_path):
    optimiser = OptimiserOptions(learning_rate=3e-3)
    objective = {"pair": 0, "series": 0, "masked": 1}
    result = run(tmp_path, objective, SERIES, optimiser=optimiser, max_epochs=4, steps_per_epoch=25)
    assert result.metrics["val_loss_of_a_guess"] == 1
    assert result.metrics["val_loss"] < 0.5
    assert not any("decoder" in name for name in result.series_encoder.state_dict())


def test_crops_of_two_dates(tmp_path):
    batch = replace(OPTIONS.batch, crops=2)
    result = run(tmp_path, {}, batch=batch)
    assert np.isfinite(result.history["val_loss"]).all()


def make_images(bands=("B04", "B08", "B03")):
    images = np.random.default_rng(0).integers(0, 255, (60, 3, 20, 20), dtype=np.uint8)
    return UnpairedImages(images, bands, np.arange(60), "a fingerprint", "a list")


def test_unpaired_images_join_the_loss(tmp_path):
    objective = {"pair": 1.0, "series": 0.0, "image": 0.5}
    view = ImageViewOptions(images=8, smallest=9, largest=12)  # 6 of 60 are held out
    result = run(tmp_path, objective, image_view=view, unpaired=make_images())
    history = result.history
    for split in ("train", "val"):
        total = history[f"{split}_pair"] + 0.5 * history[f"{split}_image"]
        np.testing.assert_allclose(history[f"{split}_loss"], total, rtol=1e-5)
    guess = math.log(16) + 0.5 * math.log(6)
    assert result.metrics["val_loss_of_a_guess"] == pytest.approx(guess)
    assert result.image_encoder.config.unpaired == "a list"


def test_images_that_the_objective_does_not_read_are_not_kept_as_seen(tmp_path):
    result = run(tmp_path, {}, unpaired=make_images())
    assert result.image_encoder.config.unpaired is None


def test_the_term_of_images_needs_some(tmp_path):
    with pytest.raises(ValueError, match="image needs unpaired images, and there are none"):
        run(tmp_path, {"image": 1})
