import logging
import math
import os
import signal
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from cases.synthetic import BANDS, CALENDAR, RECURRENCE, make_pairs

from pimc.data.atomic import DiskError
from pimc.model.storage import load_encoder, save_encoder
from pimc.pretraining.batches.pairs import PairSampler
from pimc.pretraining.corpus import EncoderInputs
from pimc.pretraining.ground import check_apart, seen_ground
from pimc.pretraining.kept_encoder import remove_checkpoint
from pimc.pretraining.objective_options import ObjectiveOptions
from pimc.pretraining.options import BatchOptions, EvaluationOptions, PretrainingOptions
from pimc.pretraining.pretrain import pretrain
from pimc.training.augment_options import CropAugmentation
from pimc.training.optimiser import OptimiserOptions

OPTIONS = PretrainingOptions(
    precision="32-true",
    preset="tiny",
    max_epochs=4,
    steps_per_epoch=3,
    batch=BatchOptions(size=16, patches=4),
    evaluation=EvaluationOptions(batches=2, gallery=64, patches=3),
    objective=ObjectiveOptions(series=0.0),
    accelerator="cpu",
    progress_bar=False,
)
Usage = namedtuple("Usage", "total used free")
TRAIN, VALIDATION = make_pairs(8, 0, places=2), make_pairs(6, 1, places=2)


def run(folder, options=OPTIONS, train=TRAIN, validation=VALIDATION, log=None, **changes):
    given = {"recurrence": RECURRENCE, "calendar": CALENDAR, "bands": BANDS, **changes}
    return pretrain(train, validation, EncoderInputs(**given), options, folder, log)


def losses(records):
    return [metrics["train_loss"] for metrics, _ in records if "train_loss" in metrics]


class Cut(Exception):
    """Stands for a run that is killed."""


def cut_at(step, records, error=Cut):
    def log(metrics, now):
        records.append((metrics, now))
        if now == step:
            raise error

    return log


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run: its records, result and folder."""
    folder, records = tmp_path_factory.mktemp("whole"), []
    result = run(folder, log=lambda metrics, step: records.append((metrics, step)))
    return records, result, folder


def assert_equal_results(one, other):
    pd.testing.assert_frame_equal(one.history, other.history)
    pd.testing.assert_frame_equal(one.retrieval, other.retrieval)
    np.testing.assert_array_equal(one.examples.similarity, other.examples.similarity)
    assert one.metrics == other.metrics
    for name in ("series_encoder", "image_encoder"):
        sides = [getattr(result, name).state_dict() for result in (one, other)]
        assert all(torch.equal(sides[0][key], sides[1][key]) for key in sides[0])


def test_it_learns_what_the_two_sides_share(tmp_path):
    options = replace(
        OPTIONS,
        max_epochs=10,
        steps_per_epoch=30,
        batch=BatchOptions(size=32, patches=4),
        crop=CropAugmentation(gain=0.03, band_gain=0.02, band_dropout=0.0),
        optimiser=OptimiserOptions(learning_rate=3e-3),
    )
    result = run(tmp_path, options, train=make_pairs(16, 2, places=2))
    metrics = result.metrics
    assert metrics["val_loss"] < metrics["val_loss_of_a_guess"] - 0.7
    assert metrics["across_patches_recall_at_5"] > 4 * metrics["across_patches_chance_at_5"]
    assert metrics["within_patch_recall_at_5"] > 3 * metrics["within_patch_chance_at_5"]
    assert metrics["series_rank"] > 2


def test_the_best_epoch_is_given_back(whole, tmp_path):
    _, result, _ = whole
    best = result.history.loc[result.history["val_loss"].idxmin()]
    assert result.metrics["best_epoch"] == best["epoch"]
    assert result.metrics["val_loss"] == best["val_loss"]
    assert result.metrics["val_batch_size"] == 16
    assert result.metrics["val_loss_of_a_guess"] == math.log(16)
    across = result.retrieval.query("gallery == 'across_patches' and place == 'all'")
    assert across["recall_at_1"].mean() == pytest.approx(best["recall_at_1"])
    for name in ("series_encoder", "image_encoder"):
        encoder = getattr(result, name)
        save_encoder(encoder, tmp_path / name)
        assert load_encoder(tmp_path / name).config == encoder.config
        assert not encoder.training


def test_every_step_and_epoch_is_logged(whole):
    records, result, _ = whole
    steps = [step for metrics, step in records if "train_loss" in metrics]
    epochs = [step for metrics, step in records if "val_loss" in metrics]
    assert steps == list(range(1, 13))
    assert epochs == [3, 6, 9, 12] == result.history["step"].tolist()
    per_epoch = np.reshape(losses(records), (4, 3)).mean(axis=1)
    np.testing.assert_allclose(result.history["train_loss"], per_epoch)


def test_the_same_seed_gives_the_same_run(whole, tmp_path):
    records, result, _ = whole
    again = []
    second = run(tmp_path, log=lambda metrics, step: again.append((metrics, step)))
    assert again == records
    assert_equal_results(second, result)


def test_another_seed_gives_another_run(whole, tmp_path):
    result = run(tmp_path, replace(OPTIONS, seed=1, max_epochs=1))
    assert result.history["train_loss"][0] != whole[1].history["train_loss"][0]


def test_the_global_generator_is_left_as_it_was(tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    run(tmp_path, replace(OPTIONS, max_epochs=1, steps_per_epoch=1))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("step", [2, 8])
def test_a_run_that_was_cut_ends_as_if_it_had_not_been(whole, tmp_path, step):
    records, result, _ = whole
    first, second = [], []
    with pytest.raises(Cut):
        run(tmp_path, log=cut_at(step, first))
    resumed = run(tmp_path, log=lambda metrics, now: second.append((metrics, now)))
    done = 3 * ((step - 1) // 3)  # steps of whole epochs
    assert losses(first)[:done] + losses(second) == losses(records)
    assert_equal_results(resumed, result)


def test_a_run_that_was_cut_after_its_last_epoch_trains_no_further(whole, tmp_path, monkeypatch):
    def cut(*_):
        raise Cut

    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr("pimc.pretraining.pretrain.retrieval_table", cut)
        run(tmp_path)
    records = []
    result = run(tmp_path, log=lambda metrics, step: records.append(metrics))
    assert_equal_results(result, whole[1])
    assert not records


@pytest.mark.slow
def test_a_run_that_was_killed_ends_as_if_it_had_not_been(whole, tmp_path):
    lines = """
import os, signal, sys
from test_pretrain import run

def log(metrics, step):
    if step == 8:
        os.kill(os.getpid(), signal.SIGKILL)

run(sys.argv[1], log=log)
"""
    here = Path(__file__).parent
    paths = [str(here.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    killed = subprocess.run(
        [sys.executable, "-c", lines, str(tmp_path)],
        cwd=here,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert_equal_results(run(tmp_path), whole[1])


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_it_trains_on_an_accelerator(tmp_path, precision):
    options = replace(OPTIONS, accelerator="gpu", precision=precision)
    with pytest.raises(Cut):
        run(tmp_path, options, log=cut_at(8, []))
    result = run(tmp_path, options)
    assert result.history["val_loss"].iloc[-1] < result.history["val_loss"].iloc[0]
    # what was measured on the accelerator holds for the encoders as they are given back
    best = result.history.set_index("epoch").loc[result.metrics["best_epoch"]]
    across = result.retrieval.query("gallery == 'across_patches' and place == 'all'")
    assert across["recall_at_5"].mean() == pytest.approx(best["recall_at_5"], abs=0.05)
    assert next(result.image_encoder.parameters()).device.type == "cpu"


def test_a_finished_run_gives_the_same_until_its_checkpoint_is_removed(whole, tmp_path):
    _, result, folder = whole
    assert [path.parent for path in folder.rglob("*")] == [folder, result.checkpoint]
    again, anew = [], []
    assert_equal_results(run(folder, log=lambda m, s: again.append((m, s))), result)
    assert not losses(again)
    remove_checkpoint(result.checkpoint)
    assert_equal_results(run(folder, log=lambda m, s: anew.append((m, s))), result)
    assert len(losses(anew)) == 12


def test_other_options_resume_no_checkpoint(tmp_path):
    with pytest.raises(Cut):
        run(tmp_path, log=cut_at(5, []))
    assert len(list(tmp_path.rglob("*.ckpt"))) == 1
    records = []
    run(tmp_path, replace(OPTIONS, temperature=0.3), log=lambda m, s: records.append((m, s)))
    assert len(losses(records)) == 12
    assert len(list(tmp_path.rglob("*.ckpt"))) == 2


def test_a_disk_too_full_for_the_training_is_told_before_it(whole, tmp_path, monkeypatch):
    # a checkpoint, and the one that replaces it
    written = 2 * (whole[1].checkpoint / "last.ckpt").stat().st_size
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(0, 0, written))
    with pytest.raises(DiskError, match=rf"no room for {tmp_path}.*the disk has {written:,} left"):
        run(tmp_path, log=cut_at(1, []))
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(0, 0, 2 * written))
    run(tmp_path, replace(OPTIONS, max_epochs=1))


def test_one_training_is_not_made_twice_at_once(whole, tmp_path):
    refused = []

    def log(metrics, step):
        if not refused:
            with pytest.raises(RuntimeError, match="another process is making") as raised:
                run(tmp_path)
            refused.append(str(raised.value))

    assert_equal_results(run(tmp_path, log=log), whole[1])  # the first goes on unharmed
    assert str(tmp_path) in refused[0]
    assert not list(tmp_path.glob("*.lock"))


def test_an_interrupt_goes_through_and_the_run_can_be_resumed(whole, tmp_path):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, log=cut_at(4, [], KeyboardInterrupt))
    assert signal.getsignal(signal.SIGINT) is handler
    assert_equal_results(run(tmp_path), whole[1])


def test_training_stops_when_the_loss_no_longer_falls(tmp_path):
    # a learning rate that leaves the weights where they are
    options = replace(
        OPTIONS, patience=2, max_epochs=20, optimiser=OptimiserOptions(learning_rate=1e-12)
    )
    result = run(tmp_path, options)
    assert len(result.history) < 20
    assert_equal_results(run(tmp_path, options), result)  # what could not be stored is not lost


def test_lightning_is_quiet_and_writes_nothing_elsewhere(tmp_path, monkeypatch, capfd, caplog):
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.INFO):
        run(tmp_path / "checkpoints", replace(OPTIONS, max_epochs=1))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoints"]
    assert {record.name.split(".")[0] for record in caplog.records} == {"pimc"}
    assert capfd.readouterr().err == ""


def test_substitutions_stay_with_the_image_encoder(tmp_path):
    options = replace(OPTIONS, max_epochs=1, steps_per_epoch=1)
    result = run(tmp_path, options, substitutions={"place-0": {"B08": "B8A"}})
    assert result.image_encoder.config.substitutions == {"place-0": {"B08": "B8A"}}


def empty(data):
    return replace(
        data,
        pixels=data.pixels.iloc[:0],
        index_series=data.index_series[:0],
        frame_choices=data.frame_choices[:0],
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": empty(TRAIN)}, r"needs 2 training pixels or more .* got 0 of 0"),
        ({"validation": empty(VALIDATION)}, r"needs 2 held-out pixels or more .* got 0 of 0"),
        (
            {"options": replace(OPTIONS, batch=BatchOptions(size=16, patches=4, crop_side=81))},
            "crops of 81 x 81 pixels do not fit in frames of 80 x 80",
        ),
        (
            {"calendar": replace(CALENDAR, length=30)},
            r"series of 2 indices \(NDVI, EVI\) x 30 calendar steps, got \(2, 24\)",
        ),
        ({"bands": BANDS[:2]}, r"frames of 2 bands \(B04, B08\), got 3"),
        (
            {"train": replace(make_pairs(1, 0), pixels=make_pairs(1, 0).pixels.assign(parcel=4))},
            "the training pixels give no batch of 2 pairs",
        ),
    ],
)
def test_too_little_or_wrong_data(changes, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        run(tmp_path, **changes)
    assert not list(tmp_path.iterdir())


def test_held_out_crops_share_no_ground_with_training_crops():
    training = pd.DataFrame({"place": ["north", "south"], "y": [40, 0], "x": [10, 0]})
    held_out = pd.DataFrame({"place": "north", "y": [60, 54], "x": [10, 24]})
    with pytest.raises(ValueError, match=r"place north: .* lie 14 pixels apart, .* 15 x 15 pixels"):
        check_apart(training, held_out, 15)
    check_apart(training, held_out.assign(x=25), 15)
    check_apart(training.assign(place="elsewhere"), held_out, 15)


def test_overlapping_ground_is_refused_before_training(tmp_path):
    with pytest.raises(ValueError, match="0 pixels apart"):
        run(tmp_path, validation=TRAIN)
    assert not list(tmp_path.iterdir())


def test_a_crop_that_outgrows_the_margin_is_warned_of(tmp_path, caplog):
    batch = BatchOptions(size=16, patches=4, crop_side=61)
    gap = {"place": VALIDATION.pixels["place"] + "-held-out"}
    validation = replace(VALIDATION, pixels=VALIDATION.pixels.assign(**gap))
    run(tmp_path, replace(OPTIONS, max_epochs=1, batch=batch), validation=validation)
    assert "most training pixels form no pair" in caplog.text
    assert "less than 30 pixels" in caplog.text


def test_a_loss_that_is_not_finite(tmp_path):
    series = np.full_like(VALIDATION.index_series, np.nan)
    with pytest.raises(ValueError, match="the validation loss was never finite"):
        run(tmp_path, validation=replace(VALIDATION, index_series=series))


def test_seen_ground_names_each_patch_with_its_folds():
    train, validation = make_pairs(2, seed=0), make_pairs(1, seed=1)
    validation.pixels["fold"] = 4
    assert seen_ground(train, validation) == {"patch-0": (1, 4), "patch-1": (1,)}
    dealt = replace(train, pixels=train.pixels.assign(dealing="3f"))
    assert set(seen_ground(dealt)) == {"patch-0 dealt 3f", "patch-1 dealt 3f"}


def test_an_objective_without_images_meets_the_same_batches(tmp_path, monkeypatch):
    drawn = []

    class Watched(PairSampler):
        def epoch(self, epoch, steps):
            batches = super().epoch(epoch, steps)
            drawn.append((epoch, [batch.rows.tolist() for batch in batches]))
            return batches

    monkeypatch.setattr("pimc.pretraining.preparation.PairSampler", Watched)
    seen = []
    for objective in (ObjectiveOptions(), ObjectiveOptions(pair=0, series=1)):
        drawn.clear()
        result = run(tmp_path, replace(OPTIONS, max_epochs=2, objective=objective))
        assert (result.image_encoder is None) == (objective.pair == 0)
        seen.append(list(drawn))
    assert seen[0] == seen[1] and {epoch for epoch, _ in seen[0]} == {0, 1}


def open_files():
    return len(os.listdir("/proc/self/fd"))


def resident():
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("trainings", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_trainings_in_one_process_leave_nothing_open(tmp_path, trainings):
    options = replace(OPTIONS, max_epochs=1)
    run(tmp_path / "first", options)
    before, held = open_files(), resident()
    for number in range(trainings):
        run(tmp_path / str(number), options)
    assert open_files() <= before
    assert resident() - held < 2**27
