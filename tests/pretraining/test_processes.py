"""Processes that train together learn as one does, and end together."""

import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from cases.processes import gone, left, workers
from cases.synthetic import BANDS, CALENDAR, RECURRENCE, make_pairs
from torch import distributed, multiprocessing, nn

from pimc.data.unpaired_images import UnpairedImages
from pimc.model.architecture import PRESETS, find_preset
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pretraining.corpus import EncoderInputs
from pimc.pretraining.fitting import train_here
from pimc.pretraining.job import TrainingJob
from pimc.pretraining.options import BatchOptions, EvaluationOptions, PretrainingOptions
from pimc.pretraining.preparation import prepare
from pimc.pretraining.pretrain import pretrain
from pimc.training.optimiser import OptimiserOptions
from pimc.training.shares import Share

INPUTS = EncoderInputs(RECURRENCE, CALENDAR, BANDS)
TRAIN, VALIDATION = make_pairs(8, 0, places=2), make_pairs(6, 1, places=2)
OPTIONS = PretrainingOptions(
    precision="32-true",
    preset="tiny",
    max_epochs=2,
    steps_per_epoch=3,
    batch=BatchOptions(size=16, patches=4),
    evaluation=EvaluationOptions(batches=2, gallery=32, patches=2),
    image_view={"images": 8, "smallest": 8, "largest": 16, "side": 12},
    accelerator="cpu",
    progress_bar=False,
)
OBJECTIVES = {
    "infonce": {"series": 0.0},
    "views": {"pair": 0.0},
    "siglip": {"loss": "siglip", "negatives": "exclude", "near": 0.6},
    "vicreg": {"loss": "vicreg"},
    "masked": {"pair": 0.0, "series": 0.0, "masked": 1.0},
    "all terms": {"masked": 0.5, "image": 0.5, "negatives": "soft", "near": 0.6},
}
ROUNDING = 1e-5


def images():
    values = np.random.default_rng(0).integers(0, 255, (60, 3, 20, 20), dtype=np.uint8)
    return UnpairedImages(values, BANDS, np.arange(60), "a fingerprint")


def run(folder, options=OPTIONS, log=None):
    given = images() if options.objective.image else None
    return pretrain(TRAIN, VALIDATION, INPUTS, options, folder, log, given)


def train(name, folder, share):
    """Losses and held-out losses of a training, and the gradients of each of its steps."""
    batch = replace(OPTIONS.batch, crops=2) if name == "all terms" else OPTIONS.batch
    options = replace(
        OPTIONS,
        preset="fused",
        objective=OBJECTIVES[name],
        batch=batch,
        # AdamW makes steps of gradients that are rounding alone as large as of others: after six
        # at a rate of 1e-3, weights that one process rounds otherwise are 1e-3 apart
        optimiser=OptimiserOptions(learning_rate=1e-6),
        devices=share.processes,
    )
    given = images() if options.objective.image else None
    prepared = prepare(TrainingJob(TRAIN, VALIDATION, INPUTS, options, given), share)
    module, gradients = prepared.module, []

    def keep():
        gradients.append([weight.grad.clone() for weight in module.parameters()])

    module.on_after_backward = keep
    folder.mkdir(parents=True, exist_ok=True)
    losses = []
    train_here(prepared, folder, None, lambda found, step: losses.append(found))
    return losses, gradients


def worker(process, store, folder, results):
    torch.set_num_threads(1)
    os.environ.update(LOCAL_RANK=str(process), NODE_RANK="0")
    distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=process, world_size=2
    )
    for name in OBJECTIVES:
        found = train(name, folder / name, Share(process, 2))
        torch.save(found, results / f"{name}-{process}")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What two processes have found for each objective."""
    folder = tmp_path_factory.mktemp("two")
    given = folder / "store", folder, folder
    multiprocessing.spawn(worker, given, nprocs=2)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", OBJECTIVES)
def test_two_processes_learn_as_one_does(two, tmp_path, name):
    losses, gradients = train(name, tmp_path, Share())
    assert len(gradients) == 6
    for process in (0, 1):
        found, theirs = torch.load(two / f"{name}-{process}", weights_only=True)
        for step, other in zip(gradients, theirs, strict=True):
            largest = max(weights.abs().max() for weights in step)
            for ours, weights in zip(step, other, strict=True):
                assert (ours - weights).abs().max() < ROUNDING * max(1, largest)
        assert len(found) == (0 if process else len(losses))  # the first alone tells of it
        for ours, metrics in zip(losses, found, strict=not process):
            assert metrics == pytest.approx(ours, rel=ROUNDING, abs=ROUNDING)


def test_no_encoder_is_normalised_by_batch():
    """Shares of a batch would be normalised otherwise than the whole."""
    for name in PRESETS:
        preset = find_preset(name)
        series = SeriesEncoder(SeriesEncoderConfig(preset.series, CALENDAR, RECURRENCE))
        image = ImageEncoder(ImageEncoderConfig(preset.image, BANDS, (0.2,) * 3, (0.1,) * 3))
        parts = [*series.modules(), *image.modules()]
        assert not any(isinstance(part, nn.modules.batchnorm._NormBase) for part in parts)


def assert_alike(one, other, tolerance=ROUNDING):
    """The same epochs, encoders and measures, to rounding."""
    bounds = {"rtol": tolerance, "atol": tolerance}
    pd.testing.assert_frame_equal(one.history, other.history, **bounds)
    pd.testing.assert_frame_equal(one.retrieval, other.retrieval, **bounds)
    assert one.metrics == pytest.approx(other.metrics, rel=tolerance, abs=tolerance)
    for name in ("series_encoder", "image_encoder"):
        sides = [getattr(result, name).state_dict() for result in (one, other)]
        torch.testing.assert_close(*sides, rtol=tolerance, atol=tolerance)


def test_a_training_in_two_processes_is_that_of_one(tmp_path, caplog, capfd):
    objective = OBJECTIVES["all terms"]
    options = replace(OPTIONS, objective=objective, max_epochs=2)
    ours, theirs = [], []
    one = run(tmp_path / "one", options, lambda found, step: ours.append((step, found)))
    caplog.clear()
    with caplog.at_level(logging.INFO):
        other = run(
            tmp_path / "two",
            replace(options, devices=2),
            lambda found, step: theirs.append((step, found)),
        )
    assert_alike(one, other)
    # each step and each epoch is told once
    assert [step for step, _ in theirs] == [step for step, _ in ours] == [1, 2, 3, 3, 4, 5, 6, 6]
    for (_, expected), (_, found) in zip(ours, theirs, strict=True):
        assert found == pytest.approx(expected, rel=ROUNDING, abs=ROUNDING)
    told = [record.getMessage() for record in caplog.records]
    assert sum(line.startswith("epoch 2 of 2") for line in told) == 1
    assert sum("can form pairs" in line for line in told) == 2  # of training and held out
    assert {record.levelno for record in caplog.records} == {logging.INFO}
    assert capfd.readouterr().err == ""
    # under the same key, and nothing is left but the checkpoint
    assert one.checkpoint.name == other.checkpoint.name
    files = [path for path in (tmp_path / "two").rglob("*") if path.is_file()]
    assert files == [other.checkpoint / "last.ckpt"]
    assert not left()


@pytest.mark.slow
def test_ground_short_of_pairs_is_shared_by_four(tmp_path):
    """Batches of fewer pairs than asked for lose what cannot be shared."""
    train, held_out = make_pairs(2, 0, per_block=1), make_pairs(1, 3, per_block=1)
    options = replace(OPTIONS, batch=BatchOptions(size=64, patches=2), devices=4)
    given = train, held_out, INPUTS
    alone = pretrain(*given, replace(options, devices=1, max_epochs=1), tmp_path / "one")
    result = pretrain(*given, options, tmp_path / "four")
    pairs = alone.metrics["val_batch_size"]
    assert pairs % 4 and result.metrics["val_batch_size"] == pairs - pairs % 4
    assert np.isfinite(result.history["train_loss"]).all()
    assert not left()


def kill_at(step, process, said):
    """Kill one of the processes at a step, and keep when that was."""

    def log(metrics, now):
        if now == step and not said:
            said.append(time.monotonic())
            os.kill(workers()[process], signal.SIGKILL)

    return log


LONG = replace(OPTIONS, max_epochs=4, devices=2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole"), LONG)


@pytest.mark.slow
@pytest.mark.parametrize("process", [0, 1])
def test_a_training_of_which_a_process_is_killed_goes_on_later(whole, tmp_path, process):
    killed, again = [], []
    with pytest.raises(RuntimeError, match=rf"process {process} of the 2 .* ended by SIGKILL"):
        run(tmp_path, LONG, kill_at(5, process, killed))
    assert time.monotonic() - killed[0] < 5
    assert not left()
    (checkpoint,) = tmp_path.rglob("*.ckpt")
    assert not [path for path in checkpoint.parent.iterdir() if path.is_dir()]
    assert_alike(whole, run(tmp_path, LONG, lambda found, step: again.append(step)), 0)
    assert 4 <= again[0] <= 7  # after the first epoch or, where it was quick, the second
    assert not left()


@pytest.mark.slow
def test_what_two_have_begun_one_goes_on_with(whole, tmp_path):
    with pytest.raises(RuntimeError):
        run(tmp_path, LONG, kill_at(5, 1, []))
    again = []
    resumed = run(tmp_path, replace(LONG, devices=1), lambda found, step: again.append(step))
    assert again[0] > 3
    assert_alike(whole, resumed)


SCRIPT = """
import signal
import sys
from test_processes import LONG, run

# what a shell starts in the background does not hear Ctrl-C, and hands that on
signal.signal(signal.SIGINT, signal.default_int_handler)
run(sys.argv[1], LONG, lambda found, step: print(step, flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_with_the_process_that_asks_all_end(whole, tmp_path, number):
    here = Path(__file__).parent
    paths = [str(here), str(here.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    asking = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    while int(asking.stdout.readline() or -1) < 4:
        assert asking.poll() is None
    started = list(workers(asking.pid).values())
    assert len(started) == 2
    asking.send_signal(number)
    assert gone(started, 10)
    assert asking.wait(timeout=60) != 0
    asking.stdout.close()
    assert_alike(whole, run(tmp_path, LONG), 0)


@pytest.mark.slow
def test_processes_that_cannot_begin_end_all(tmp_path, monkeypatch):
    # the parent reads the data, and its processes find them gone
    monkeypatch.setattr("pimc.pretraining.launch.write_job", lambda *job: None)
    with pytest.raises(RuntimeError, match=r"process . of the 2 .* failed: status 1"):
        run(tmp_path, LONG)
    assert not left()


@pytest.mark.slow
def test_another_machine_joins_by_hand(whole, tmp_path, caplog):
    """Two machines of one process each, both this one."""
    options = replace(LONG, devices=1, nodes=2)
    joined = []

    def join(record):
        if "waiting for the processes" in record.getMessage():
            words = record.getMessage().rpartition("run ")[2].split()
            assert words[1:3] == ["-m", "pimc.pretraining.worker"] and words[-2:] == ["--node", "K"]
            command = [sys.executable, *words[1:-1], "1"]
            joined.append(subprocess.Popen(command))
        return True

    logger = logging.getLogger("pimc.pretraining.launch")
    logger.addFilter(join)
    try:
        with caplog.at_level(logging.INFO):
            result = run(tmp_path, options)
    finally:
        logger.removeFilter(join)
    assert joined[0].wait(timeout=10) == 0
    assert_alike(whole, result, 0)
    assert not left()
