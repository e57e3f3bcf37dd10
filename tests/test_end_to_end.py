"""A real session on a tiny sample, in a project folder of its own."""

import json
import os
import shutil
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
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DatasetError

import pimc
from pimc.evaluation.tasks import TASKS as TASK_FACTS
from pimc.model.storage import load_encoder

PROJECT = Path(__file__).parents[1]
PIXEL_PARAMETERS = "conf/base/parameters_pixel_classification.yml"
TINY = {
    "patches": 10,
    "size": 40,
    "sampling": {"pixels_per_patch": 48, "frames_per_patch": 3},
    "pretraining": {
        "preset": "tiny",
        "max_epochs": 2,
        "steps_per_epoch": 4,
        "progress_bar": False,
        "accelerator": "cpu",
        "batch": {"size": 16, "patches": 4},
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT / "conf", folder / "conf", ignore=shutil.ignore_patterns("local"))
    (folder / "conf/local").mkdir()
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder)
    (folder / "src").mkdir()  # the package itself is installed
    os.environ.pop("MLFLOW_TRACKING_URI", None)  # MLflow leaves it behind, of another test
    return folder


def run(project, environment="base", pipeline="pretrain", **parameters):
    bootstrap_project(project)
    with KedroSession.create(project, env=environment, runtime_params=parameters) as session:
        session.run(pipeline_names=[pipeline])


def runs(project):
    mlflow.set_tracking_uri(f"sqlite:///{project}/mlflow.db")
    return mlflow.MlflowClient().search_runs(["1"], order_by=["attributes.start_time DESC"])


@pytest.fixture(scope="module")
def pretrained(project):
    run(project, **TINY)
    return project


def read_history(project):
    return pd.read_csv(project / "data/08_reporting/simulated/pretraining_history.csv")


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


ARMS = {
    name: None
    for name in ("rocket", "random_init", "fused_fine_tune", "fused_scratch", "scratch", "knn")
}
SHORT = {"epochs": 1, "min_steps": 2, "checks": 1}
TASKS = {
    "pixel_classification": {
        "resamples": 50,
        "device": "cpu",
        "arms": {
            **ARMS,
            **dict.fromkeys(("rocket_bands", "svm_bands", "svm_probe", "image_probe")),
            "forest": {"trees": 5},
            "forest_bands": {"trees": 5},
            "cnn1d": SHORT,
            "cnn1d_bands": SHORT,
            "fine_tune": SHORT,
        },
        "efforts": {
            "quick": {"max_train": 200, "budgets": {"shots_5": {"draws": 1}, "shots_20": None}}
        },
    },
    "forecasting": {
        "resamples": 50,
        "device": "cpu",
        "arms": {
            **{name: arm for name, arm in ARMS.items() if name not in ("rocket", "knn")},
            "cnn1d": SHORT,
            "fine_tune": SHORT,
        },
        "efforts": {"quick": {"max_train": 200}},
    },
}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_scores_its_arms_and_makes_nothing_twice(pretrained, task):
    parameters = {**TINY, task: TASKS[task]}
    run(pretrained, pipeline=task, **parameters)
    results = sorted((pretrained / f"data/07_model_output/simulated/{task}.results").iterdir())
    times = [path.stat().st_mtime_ns for path in results if path.suffix == ".safetensors"]
    run(pretrained, pipeline=task, **parameters)
    assert times == [p.stat().st_mtime_ns for p in results if p.suffix == ".safetensors"]
    scores = pd.read_csv(pretrained / f"data/08_reporting/simulated/{task}.scores.csv")
    assert (scores["low"] <= scores["high"]).all() and len(times) >= 6
    arms = scores.drop_duplicates("arm").set_index("arm")["pretraining"]
    assert arms["fine_tune"] == arms["linear_probe"] == "inductive"
    assert arms["cnn1d"] == "none"
    again, first = runs(pretrained)[0], runs(pretrained)[len(times) + 1]
    assert again.info.status == first.info.status == "FINISHED"
    assert {
        run.data.tags.get("mlflow.parentRunId") for run in runs(pretrained)[1 : len(times) + 1]
    } == {first.info.run_id}
    assert any(name.startswith(f"{task}/cnn1d.") for name in again.data.metrics)
    chosen = again.data.tags[f"{task}_arm"]
    score = TASK_FACTS[task].scores[0]
    assert again.data.metrics[f"{task}_{score}"] == again.data.metrics[f"{task}/{chosen}.{score}"]


@pytest.mark.slow
def test_the_ablation_trains_and_scores_its_variants_and_makes_nothing_twice(pretrained, caplog):
    budget = {"max_epochs": 1, "steps_per_epoch": 2}
    effort = {"pretraining": budget, "budgets": {"shots_20": {"draws": 1}}}
    arms = {"forest": {"trees": 5}, "logistic": None}
    pretraining = {k: v for k, v in TINY["pretraining"].items() if k not in budget}
    pretraining["preset"] = "fused"  # as shipped
    changed = {"efforts": {"quick": effort}, "arms": arms, "resamples": 50, "device": "cpu"}
    parameters = {**TINY, "pretraining": pretraining, "ablation": changed}
    before = len(runs(pretrained))
    run(pretrained, pipeline="ablation", **parameters)
    scores = pd.read_csv(pretrained / "data/08_reporting/simulated/ablation.scores.csv")
    arms = scores.drop_duplicates("arm").set_index("arm")["pretraining"].fillna("none")
    assert arms.to_dict() == {
        "paper": "inductive", "shipped": "inductive", "random_init": "none", "forest": "none",
    }  # fmt: skip
    assert len(runs(pretrained)) == before + 1 + 2 + 4  # the run, trainings, arms
    corpus = "data/06_models/simulated/ablation.encoders"
    assert "nothing in this run reads" not in caplog.text
    run(pretrained, pipeline="ablation", corpus=corpus, **parameters)
    assert "nothing in this run reads the parameter corpus" in caplog.text
    assert len(runs(pretrained)) == before + 1 + 2 + 4 + 1
    caplog.clear()
    run(pretrained, pipeline="transfer", corpus=corpus, seed=0, **parameters)
    assert "nothing in this run reads" not in caplog.text
    tasks = [tracked.data.tags.get("task") for tracked in runs(pretrained)]
    assert tasks.count("ablation") == tasks.count("transfer") == 4
    transferred = pd.read_csv(pretrained / "data/08_reporting/simulated/transfer.scores.csv")
    assert transferred.drop_duplicates("arm")["corpus"].tolist()[:2] == ["simulated"] * 2
    # the same encoders on the same labels
    pd.testing.assert_series_equal(transferred["value"], scores["value"])


def test_a_task_without_an_encoder_leaves_out_what_needs_one(pretrained):
    encoder = pretrained / "data/06_models/simulated/series_encoder"
    encoder.rename(encoder.with_name("elsewhere"))
    try:
        task = "forecasting"
        run(pretrained, pipeline=task, **{**TINY, task: TASKS[task]})
    finally:
        encoder.with_name("elsewhere").rename(encoder)
    scores = pd.read_csv(pretrained / "data/08_reporting/simulated/forecasting.scores.csv")
    assert set(scores["arm"]) == {"persistence", "climatology", "ridge", "cnn1d"}


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


def write_points(path):
    """Two classes with seasons of their own, 20 pixels in each of 10 blocks of ground."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 200)
    season = np.sin(np.linspace(0, np.pi, 36)) * (0.5 + 0.5 * label[:, None])
    reflectance = np.full((200, 36, 10), 0.1) + rng.normal(0, 0.003, (200, 36, 10))
    reflectance[..., 6] += 0.4 * season  # B08
    longitude = -120 + 0.25 * np.repeat(np.arange(10), 20) + rng.random(200) * 0.2
    np.savez(
        path,
        reflectance=(10_000 * reflectance).astype(np.int16),
        bands=["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"],
        lonlat=np.stack([longitude, np.full(200, 36.1)], axis=1),
        label=np.array(["corn", "rice"])[label],
    )


def test_series_without_images_train_a_series_encoder_alone(project, tmp_path):
    write_points(tmp_path / "points.npz")
    parameters = {**TINY, "root": str(tmp_path / "points.npz")}
    parameters = {k: v for k, v in parameters.items() if k not in ("patches", "size", "sampling")}
    run(project, "points", pipeline="pretrain", **parameters)
    models = project / "data/06_models/points"
    encoder = load_encoder(models / "series_encoder")
    assert encoder.config.calendar.length == 36
    assert not (models / "image_encoder").exists()
    retrieval = pd.read_csv(project / "data/08_reporting/points/retrieval.csv")
    assert set(retrieval["direction"]) == {"series_to_view", "view_to_series"}
    with pytest.raises(DatasetError, match="this environment reads that"):
        run(project, "points", pipeline="pretrain", encoder=str(tmp_path / "encoder"), **parameters)
    assert not (tmp_path / "encoder").exists()


def test_embeddings_of_others_and_all_bands_stand_in_the_table_of_a_table_of_pixels(
    project, tmp_path
):
    write_points(tmp_path / "points.npz")
    with np.load(tmp_path / "points.npz") as points:
        order = np.random.default_rng(1).permutation(200)  # blocks do not follow each other
        given = {name: points[name] for name in points.files}
    given |= {name: given[name][order] for name in ("reflectance", "lonlat", "label")}
    np.savez(tmp_path / "points.npz", **given)
    # one number tells the class: in the order of blocks it would be no better than a guess
    told = (given["label"] == "rice").astype(np.float16)
    np.savez(tmp_path / "theirs.npz", embedding=np.stack([told, 1 - told], axis=1))
    peer = {"kind": "linear", "input": "embeddings", "file": str(tmp_path / "theirs.npz")}
    bands = {"kind": "linear", "input": "bands"}
    shipped = yaml.safe_load((PROJECT / PIXEL_PARAMETERS).read_text())["pixel_classification"]
    options = {
        "encoders": "catalog",
        "arms": {**dict.fromkeys(shipped["arms"]), "theirs": peer, "logistic_bands": bands},
        "references": ["theirs"],
        "efforts": {"quick": {"budgets": {"shots_5": {"draws": 1}, "shots_20": None}}},
        "resamples": 50,
    }
    table = str(tmp_path / "points.npz")
    run(project, "points", "pixel_classification", root=table, pixel_classification=options)
    scores = pd.read_csv(project / "data/08_reporting/points/pixel_classification.scores.csv")
    assert set(scores["arm"]) == {"theirs", "logistic_bands"}
    theirs = scores[(scores["arm"] == "theirs") & (scores["score"] == "accuracy")]
    assert set(theirs["pretraining"]) == {"unknown"} and (theirs["value"] == 1).all()
    np.savez(tmp_path / "theirs.npz", embedding=np.ones((199, 2), np.float32))
    with pytest.raises(ValueError, match=r"it must have a row for each of the 200 .*; got 199"):
        run(project, "points", "pixel_classification", root=table, pixel_classification=options)
