"""`kedro run --pipeline=pretrain` as a session: what it leaves, how it ends, what it refuses."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from cases.sessions import TINY, read_history, run, runs

import pimc
from pimc.model.storage import load_encoder


def test_one_finished_run_holds_parameters_curves_artifacts_and_tags(pretrained):
    (tracked,) = runs(pretrained)
    assert tracked.info.status == "FINISHED"
    assert tracked.data.params["pretraining.batch.size"] == "16"
    assert tracked.data.params["calendar.length"] == "61"
    (data,) = tracked.inputs.dataset_inputs
    assert data.dataset.name == "simulated" and '"patches": "10"' in data.dataset.source
    assert {"git_commit", "environment"} <= set(tracked.data.tags)
    assert tracked.data.tags["mlflow.note.content"].startswith("`kedro run --env=base --pipeline=")
    metrics = tracked.data.metrics
    assert metrics["val_loss"] == metrics["pretraining/val_loss"]
    assert metrics["recall_at_1_across"] == metrics["pretraining/across_patches_recall_at_1"]
    top = {name for name in metrics if "/" not in name}
    assert top == {"val_loss", "recall_at_1_across", "recall_at_1_within"}
    assert "observations/pixels" in metrics
    client, run_id = mlflow.MlflowClient(), tracked.info.run_id
    steps = [point.step for point in client.get_metric_history(run_id, "curves/train_loss")]
    assert steps == list(range(1, 9))
    for folder, count in {"figures": 3, "tables": 1, "encoders": 2}.items():
        assert len(client.list_artifacts(run_id, folder)) == count
    names = {model.name for model in client.search_logged_models(["1"])}
    assert names == {"series_encoder", "image_encoder"}


def test_cards_tell_what_was_seen_and_lie_with_the_models_that_embed(pretrained):
    (tracked,) = runs(pretrained)
    card = (pretrained / "data/06_models/simulated/series_encoder/README.md").read_text()
    assert "license: apache-2.0" in card and "pretrained on simulated PASTIS (version 1)" in card
    for model in mlflow.MlflowClient().search_logged_models(["1"]):
        assert model.source_run_id == tracked.info.run_id
        loaded = mlflow.pyfunc.load_model(model.model_uri)
        folder = pretrained / "data/06_models/simulated" / model.name
        embedded = loaded.predict(loaded.input_example)
        direct = pimc.load_encoder(folder).embed(**loaded.input_example)
        np.testing.assert_array_equal(embedded, direct)
        assert np.isfinite(direct).all()
        with_it = Path(mlflow.artifacts.download_artifacts(model.model_uri)) / "data" / model.name
        assert (with_it / "README.md").read_text() == (folder / "README.md").read_text()


def test_encoders_load_without_kedro_and_embed(pretrained):
    models = pretrained / "data/06_models/simulated"
    encoder = load_encoder(models / "series_encoder")
    series = np.load(pretrained / "data/04_feature/simulated/index_series.npy")
    with torch.inference_mode():
        embedding = encoder(torch.from_numpy(series[:5]))
    assert embedding.shape == (5, encoder.embedding_size)
    assert torch.isfinite(embedding).all() and embedding.std(dim=0).max() > 0
    stored = json.loads((models / "image_encoder/encoder.json").read_text())
    assert stored["config"]["bands"][0] == "B02"


def test_series_are_finite_and_belong_to_their_pixels(pretrained):
    features = pretrained / "data/04_feature/simulated"
    series, pixels = (
        np.load(features / "index_series.npy"),
        pd.read_parquet(features / "series_pixels.parquet"),
    )
    assert series.shape == (len(pixels), 6, 61)
    assert np.isfinite(series).all()
    assert set(pixels["fold"]) == {1, 2, 3, 4, 5}


def test_the_same_seed_gives_the_same_losses(pretrained):
    before = read_history(pretrained)
    run(pretrained, **TINY)
    pd.testing.assert_frame_equal(before, read_history(pretrained))
    assert [tracked.info.status for tracked in runs(pretrained)] == ["FINISHED", "FINISHED"]


def test_a_failing_run_is_marked_failed(project):
    with pytest.raises(ValueError, match="crops of 41 x 41 pixels do not fit in frames of 40 x 40"):
        run(project, **{**TINY, "pretraining": {"batch": {"crop_side": 41}}})
    assert runs(project)[0].info.status == "FAILED"


def test_an_unknown_parameter_is_refused_before_anything_runs(project):
    with pytest.raises(ValueError, match=r"unknown parameter pretrainnig \(did you mean p"):
        run(project, pretrainnig={"seed": 1})
    with pytest.raises(ValueError, match=r"pretraining has no option sead \(did you mean seed\?"):
        run(project, pretraining={"sead": 1})


@pytest.mark.slow
def test_another_seed_gives_other_losses(pretrained):
    before = read_history(pretrained)
    run(pretrained, **TINY, seed=1)
    assert (read_history(pretrained)["train_loss"] != before["train_loss"]).all()


def test_a_parameter_of_another_source_and_an_unknown_environment_are_refused(project):
    with pytest.raises(ValueError, match="unknown parameter offset, root; known are"):
        run(project, root="/nowhere", offset=-1000)
    with pytest.raises(ValueError, match="no environment 'stak'"):
        run(project, "stak")


@pytest.mark.slow
def test_a_terminated_run_exits_with_an_error_and_is_marked_failed(pretrained, tmp_path):
    long = {**TINY["pretraining"], "max_epochs": 10_000, "patience": 10_000}
    parameters = {**TINY, "pretraining": long}
    code = f"""
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
bootstrap_project({str(pretrained)!r})
with KedroSession.create({str(pretrained)!r}, runtime_params={parameters!r}) as session:
    session.run(pipeline_names=["pretraining"])
"""
    checkpoints = pretrained / "data/06_models/simulated/checkpoints"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=pretrained)
    deadline = time.monotonic() + 120
    while not list(checkpoints.glob("*/last.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.terminate()
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert runs(pretrained)[0].info.status == "FAILED"
