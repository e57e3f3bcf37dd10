import logging
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from cases.projects import new_project
from cases.score_tables import land_cover_tables
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from pimc.catalog.task_tables import read_task_tables
from pimc.evaluation.runs import ArmResult, StoredResult
from pimc.evaluation.task_options import TaskOptions
from pimc.pipeline_registry import register_pipelines
from pimc.pipelines.leaderboard.nodes import rank_arms, write_page, write_results
from pimc.pipelines.leaderboard.options import LeaderboardOptions
from pimc.report.classification import ClassifiedSamples
from pimc.report.classification_report import report_classification
from pimc.report.forecasts import ForecastSamples, forecast_tables
from pimc.report.leaderboard.page import Provenance

PROJECT = Path(__file__).parents[2]
DATA_SETS = {
    "points": {
        "pixel_classification": {"name": "Sentinel-2 pixel series", "simulated": False},
        "forecasting": {"name": "Sentinel-2 pixel series", "simulated": False},
    },
    "simulated": {"land_cover": {"name": "simulated EuroSAT look-alike", "simulated": True}},
}
OPTIONS = TaskOptions(
    arms={
        "poor": {"kind": "majority"},
        "scratch": {"kind": "network", "input": "random"},
        "fine_tune": {"kind": "network", "input": "pretrained"},
    },
    efforts={"quick": {"budgets": {"all": {}}}},
    references=["scratch"],
    resamples=50,
)
RNG = np.random.default_rng(0)
GROUP = np.repeat([f"patch{k}" for k in range(20)], 5)


def stored(arm, predicted):
    kind = OPTIONS.arms[arm]
    rows = np.arange(len(predicted))
    arrays = {
        "test_rows": rows,
        "test": predicted,
        "validation_rows": rows,
        "validation": predicted,
    }
    facts = {"chosen": {}, "seconds": 1.0, "train_samples": 80, "scale": [0.2]}
    return StoredResult(arm, kind.kind, kind.input, "all", 0, 0, ArmResult(arrays, facts, {}))


def write_classification(folder):
    """Tables of pixel classification as its own code writes them."""
    labels = RNG.integers(0, 3, 100)
    samples = ClassifiedSamples(labels, GROUP, ("corn", "rice", "cotton"))
    arms = {"poor": 0.9, "scratch": 0.4, "fine_tune": 0.1}
    results = [
        stored(arm, np.where(RNG.random(100) < share, (labels + 1) % 3, labels))
        for arm, share in arms.items()
    ]
    report = report_classification(results, samples, OPTIONS)
    for name in ("scores", "differences", "class_scores"):
        table = getattr(report, name)
        table.to_csv(folder / f"pixel_classification.{name}.csv", index=False)


def write_forecasts(folder):
    """Tables of forecasting as its own code writes them."""
    targets = RNG.normal(0.5, 0.2, (100, 1, 4)).astype(np.float32)
    samples = ForecastSamples({"screened": targets, "unscreened": targets}, GROUP, ("NDVI",))
    arms = {"poor": 0.3, "scratch": 0.05, "fine_tune": 0.2}
    results = [
        stored(arm, targets + RNG.normal(0, noise, targets.shape)) for arm, noise in arms.items()
    ]
    tables = forecast_tables(results, samples, OPTIONS)
    for name, table in zip(("scores", "differences", "leads"), tables, strict=True):
        table.to_csv(folder / f"forecasting.{name}.csv", index=False)


@pytest.fixture(scope="module")
def reporting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "data/08_reporting"
    (folder / "points").mkdir(parents=True)
    write_classification(folder / "points")
    write_forecasts(folder / "points")
    return folder


def read(reporting):
    tasks = ("pixel_classification", "forecasting")
    return [read_task_tables(reporting / "points", task) for task in tasks]


def test_tables_of_the_tasks_become_one_and_what_was_not_run_is_logged(reporting, caplog):
    caplog.set_level(logging.INFO)
    options = LeaderboardOptions(DATA_SETS)
    scores, paired = rank_arms(read(reporting), options)
    ours = scores[scores["workspace"].notna()]
    assert set(ours["task"]) == {"pixel_classification", "forecasting"}
    tested = ours.groupby("task")["test_samples"].unique().map(list).to_dict()
    assert tested == {"pixel_classification": [100], "forecasting": [400]}
    asked = paired[paired["question"] == "pretraining"].set_index(["task", "unit", "score"])
    assert asked.loc[("pixel_classification", "pixel", "accuracy"), "verdict"] == "better"
    assert asked.loc[("forecasting", "screened", "rmse"), "verdict"] == "not better"
    assert "not run: land cover on simulated EuroSAT look-alike (kedro run" in caplog.text
    page = write_page(scores, paired, Provenance("1.0", "", "2026-01-01"), options)
    assert "kedro run --pipeline=land_cover" in page
    assert set(write_results(scores, paired)) == {
        "points.pixel_classification",
        "points.forecasting",
    }


def test_a_task_without_data_of_its_own_and_another_workspace_are_left_out(reporting, caplog):
    caplog.set_level(logging.INFO)
    tables = read(reporting)
    images = {"points": {"land_cover": {"name": "images beside the series"}}}
    with pytest.raises(ValueError, match="no task has left scores yet"):
        rank_arms(tables, LeaderboardOptions(images))
    assert "left out: pixel_classification in workspace points" in caplog.text
    with pytest.raises(ValueError, match="no task has left scores yet; run one of them: kedro run"):
        rank_arms(tables, LeaderboardOptions(DATA_SETS, workspaces=["simulated"]))
    with pytest.raises(ValueError, match=r"leaderboard.workspaces must be of .*, got \('nope',\)"):
        rank_arms(tables, LeaderboardOptions(DATA_SETS, workspaces=["nope"]))
    with pytest.raises(ValueError, match="workspaces must be a list of names, got 'points'"):
        LeaderboardOptions(DATA_SETS, workspaces="points")


def test_a_task_goes_by_the_data_set_of_one_that_reads_the_same(reporting):
    few = {"points": {"forecasting": {"name": "own series"}, "land_cover": {"name": "own images"}}}
    scores, _ = rank_arms(read(reporting), LeaderboardOptions(few))
    ours = scores[scores["workspace"].notna()]
    assert set(ours["task"]) == {"forecasting", "pixel_classification"}
    assert set(ours["data_set"]) == {"own series"}


def test_a_workspace_that_nobody_described_goes_by_its_own_name(reporting):
    scores, _ = rank_arms(read(reporting), LeaderboardOptions({}))
    ours = scores[scores["workspace"].notna()]
    assert set(ours["data_set"]) == {"points (nobody said what it is)"}
    assert ours["simulated"].isna().all()


def test_data_in_another_set_of_lists_are_called_so():
    tables = land_cover_tables(workspace="eurosat")
    given = replace(tables, scores=tables.scores.assign(split="spatial"))
    options = LeaderboardOptions({"eurosat": {"land_cover": {"name": "EuroSAT"}}})
    for table in rank_arms([given], options):
        ours = table[table["workspace"].notna()]
        assert set(ours["data_set"]) == {"EuroSAT, split by longitude"}


def test_options_name_known_tasks():
    with pytest.raises(ValueError, match=r"must be of the tasks land_cover, .* got mapping"):
        LeaderboardOptions({"points": {"mapping": {"name": "maps"}}})


def test_in_an_evaluation_the_leaderboard_waits_for_the_tasks():
    nodes = [node.name for node in register_pipelines()["evaluate"].nodes]
    for task in ("land_cover", "pixel_classification", "forecasting"):
        assert nodes.index(f"{task}.score_arms") < nodes.index("leaderboard.rank_arms")
    alone = register_pipelines()["leaderboard"]
    assert alone.inputs() == {
        "leaderboard.task_tables",
        "leaderboard.project",
        "params:leaderboard",
    }


def test_a_session_writes_table_figure_page_and_blocks(reporting, monkeypatch):
    project = new_project(reporting.parents[1])
    results = project / "docs/results/forecasting.md"
    results.parent.mkdir(parents=True)
    results.write_text("By hand.\n\n<!-- made by: x : points.forecasting -->\n<!-- end -->\n")
    monkeypatch.chdir(project)
    bootstrap_project(project)
    name = {"leaderboard": {"data_sets": {"points": {"forecasting": {"name": "S2-CDL"}}}}}
    with KedroSession.create(project, runtime_params=name) as session:
        session.run(pipeline_names=["results_page"])
    written = reporting / "simulated"
    assert "S2-CDL" in (written / "leaderboard.page.html").read_text()
    assert "S2-CDL" in set(pd.read_csv(written / "leaderboard.scores.csv")["data_set"])
    assert results.read_text().startswith("By hand.") and "| **scratch**" in results.read_text()
    (run,) = mlflow.MlflowClient().search_runs(["1"])
    client = mlflow.MlflowClient()
    counts = {
        each: len(client.list_artifacts(run.info.run_id, each)) for each in ("tables", "pages")
    }
    assert counts == {"tables": 2, "pages": 1}
