"""`kedro run` with several processes: one run of MLflow, and the outputs of one process."""

import subprocess
import sys

import mlflow
import pytest
import torch
from cases.projects import new_project

import pimc

PARAMETERS = {
    "patches": 8,
    "size": 32,
    "sampling.pixels_per_patch": 24,
    "sampling.frames_per_patch": 2,
    "pretraining.preset": "tiny",
    "pretraining.max_epochs": 2,
    "pretraining.steps_per_epoch": 2,
    "pretraining.accelerator": "cpu",
    "pretraining.precision": "32-true",
    "pretraining.batch.size": 8,
    "pretraining.batch.patches": 4,
    "pretraining.evaluation.batches": 1,
    "pretraining.evaluation.gallery": 16,
    "pretraining.evaluation.patches": 2,
}
ENCODERS = "data/06_models/simulated"


def run(folder, devices):
    """A finished run: its project, and what it said."""
    folder.mkdir()
    project = new_project(folder)
    given = {**PARAMETERS, "pretraining.devices": devices}
    words = ",".join(f"{name}={value}" for name, value in given.items())
    done = subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--pipeline=pretrain", f"--params={words}"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return project, done.stdout


@pytest.mark.slow
def test_a_run_in_two_processes_is_one_run(tmp_path):
    alone, _ = run(tmp_path / "one", 1)
    project, said = run(tmp_path / "two", 2)
    for name in ("series_encoder", "image_encoder"):
        sides = [pimc.load_encoder(each / ENCODERS / name).network for each in (alone, project)]
        states = [side.state_dict() for side in sides]
        torch.testing.assert_close(*states, rtol=1e-5, atol=1e-5)
    files = [
        {str(path.relative_to(each)) for path in (each / "data").rglob("*") if path.is_file()}
        for each in (alone, project)
    ]
    assert files[0] == files[1]
    client = mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db")
    experiments = [each.experiment_id for each in client.search_experiments()]
    (tracked,) = client.search_runs(experiments)
    assert tracked.info.status == "FINISHED"
    curve = client.get_metric_history(tracked.info.run_id, "curves/train_loss")
    assert sorted(point.step for point in curve) == [1, 2, 3, 4]
    assert said.count("epoch 2 of 2") == 1
    assert said.count("Loading data from corpus") <= 4  # by no other process
