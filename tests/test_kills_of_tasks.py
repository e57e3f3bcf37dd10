"""As ``test_kills``, for what comes after the encoders: arms, tables, figures, pages and maps."""

import hashlib
import shutil
from functools import partial

import numpy as np
import pandas as pd
import pytest
import yaml
from cases.fields import box, write_fields
from cases.maps import write_crops
from cases.projects import PROJECT, new_project
from safetensors.numpy import load_file
from test_kills import KILLS, PARAMETERS, in_child, kill_anywhere, run

SHORT = {"kind": "network", "epochs": 1, "min_steps": 2, "checks": 1}
ARMS = {
    "pixel_classification": {
        "forest": {"kind": "forest", "trees": 3},
        "probe": {"kind": "linear", "input": "pretrained"},
        "tuned": {**SHORT, "input": "pretrained"},
    },
    "forecasting": {
        "persistence": {"kind": "persistence"},
        "ridge": {"kind": "ridge"},
        "tuned": {**SHORT, "input": "pretrained"},
    },
}


def few_arms(task, arms):
    """Options of a task in which no shipped arm and budget is left."""
    shipped = yaml.safe_load((PROJECT / f"conf/base/parameters_{task}.yml").read_text())[task]
    budgets = dict.fromkeys(shipped["efforts"]["quick"]["budgets"])
    effort = {"max_train": 60, "budgets": {**budgets, "few": {"shots": 2}, "all": {}}}
    return {
        "arms": {**dict.fromkeys(shipped["arms"]), **arms},
        "efforts": {"quick": {**effort, "encoder_seeds": 1}},
        "references": list(arms)[:1],
        "device": "cpu",
        "resamples": 20,
    }


def content(path, project):
    """What a file holds, but when it was made and how long that took."""
    if path.suffix == ".safetensors":
        return {name: values.tobytes() for name, values in load_file(path).items()}
    if path.suffix == ".csv":
        table = pd.read_csv(path)
        table = table.drop(columns=[name for name in table if "second" in name])
        return table.to_csv().replace(str(project), "")
    if path.suffix == ".html":
        return path.read_text().rstrip().endswith("</html>")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def contents(project, *patterns):
    """Of all files below ``data`` but JSON, which tells times."""
    found = [path for pattern in patterns for path in (project / "data").glob(pattern)]
    files = [path for path in found if path.is_file() and path.suffix != ".json"]
    assert len(files) > 8
    return {str(path.relative_to(project)): content(path, project) for path in files}


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    project = new_project(tmp_path_factory.mktemp("pretrained") / "project")
    status, _ = in_child(project)
    assert status == 0, (project / "log").read_text()[-3000:]
    for database in project.glob("mlflow.db*"):  # it says where its project lies
        database.unlink()
    return project


@pytest.mark.slow
def test_tasks_figures_and_pages_that_are_killed_anywhere_end_as_if_not(tmp_path, pretrained):
    options = {task: few_arms(task, arms) for task, arms in ARMS.items()}
    pipelines, parameters = (*ARMS, "leaderboard"), {**PARAMETERS, **options}
    kill_anywhere(
        lambda name: shutil.copytree(pretrained, tmp_path / name),
        partial(run, pipelines=pipelines, parameters=parameters),
        lambda project: contents(
            project, "07_model_output/simulated/*/*", "08_reporting/simulated/*"
        ),
        KILLS // 2,
    )


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """Images with stripes of crops, and fields on them."""
    folder = tmp_path_factory.mktemp("ground")
    write_crops(folder / "images/farm", np.broadcast_to(np.arange(60) // 12 % 3, (60, 60)))
    corners = [(top, left) for top in range(2, 56, 12) for left in range(2, 56, 12)]
    names = [("maize", "wheat", "meadow")[left // 12 % 3] for _, left in corners]
    write_fields(folder / "fields.gpkg", [box(*each, 8, 8) for each in corners], names)
    return folder


@pytest.mark.slow
def test_maps_that_are_killed_anywhere_end_as_if_not(tmp_path, ground):
    parameters = {
        "root": str(ground / "images"),
        "labels": str(ground / "fields.gpkg"),
        "label_column": "crop",
        "like": "r8c8",
        "mapping": {"block": 32, "branch": "series"},
    }
    kill_anywhere(
        lambda name: new_project(tmp_path / name),
        partial(run, pipelines=["map"], environment="stack", parameters=parameters),
        lambda project: contents(project, "08_reporting/stack/**/*"),
        KILLS // 2,
    )
