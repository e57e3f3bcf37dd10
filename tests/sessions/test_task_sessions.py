"""Tasks as sessions, on encoders of the same project."""

import pandas as pd
import pytest
from cases.sessions import TASKS, TINY, run, runs

from pimc.evaluation.tasks import TASKS as TASK_FACTS


@pytest.mark.parametrize(
    "task", ["pixel_classification", pytest.param("forecasting", marks=pytest.mark.slow)]
)
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
