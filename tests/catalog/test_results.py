import json

import mlflow
import numpy as np
import pytest

from pimc.catalog.results import ArmResults
from pimc.evaluation.arms import Arm, Budget
from pimc.evaluation.runs import ArmResult, ArmRun, ArmTask


def task(arm, key="k", make=None, calls=None):
    def made():
        if calls is not None:
            calls.append(arm)
        rows = np.arange(3)
        return ArmResult(
            {"test_rows": rows, "test": rows % 2},
            {"chosen": {"leaf": 3}, "seconds": 0.5, "train_samples": 7, "transductive": None},
            {"test_accuracy": 0.25},
        )

    run = ArmRun("toy", Arm(arm, "forest", "series"), Budget("all"), 2, 1)
    return ArmTask(run, key, make or made)


def test_round_trip(tmp_path):
    dataset = ArmResults(str(tmp_path / "results"))
    assert not dataset.exists()
    dataset.save({"a-run": task("a"), "b-run": task("b")})
    first, second = dataset.load()
    assert (first.arm, first.kind, first.input, first.budget, first.seed, first.rotation) == (
        "a", "forest", "series", "all", 2, 1,
    )  # fmt: skip
    assert second.arm == "b"
    assert first.result.arrays["test"].tolist() == [0, 1, 0]
    assert first.result.facts["transductive"] is None
    assert first.result.metrics == {"test_accuracy": 0.25}


def test_what_is_there_under_its_key_is_not_made_again(tmp_path):
    dataset, calls = ArmResults(str(tmp_path)), []
    dataset.save({"a": task("a", calls=calls), "b": task("b", calls=calls)})
    dataset.save({"a": task("a", calls=calls), "b": task("b", "other", calls=calls)})
    assert calls == ["a", "b", "b"]
    dataset.save({"b": task("b", calls=calls)})  # the first result, kept
    assert calls == ["a", "b", "b"]
    assert [each.arm for each in dataset.load()] == ["b"]


def test_a_killed_run_loses_nothing_that_was_made(tmp_path):
    def killed():
        raise KeyboardInterrupt

    dataset, calls = ArmResults(str(tmp_path)), []
    with pytest.raises(KeyboardInterrupt):
        dataset.save({"a": task("a", calls=calls), "b": task("b", make=killed)})
    assert not dataset.exists()
    dataset.save({"a": task("a", calls=calls), "b": task("b", calls=calls)})
    assert calls == ["a", "b"]


def test_workers_make_what_this_process_makes(tmp_path, scheduler):
    tasks = {name: task(name) for name in "abc"}
    for name, engine in (("here", "threads"), ("there", scheduler)):
        ArmResults(str(tmp_path / name), {"engine": engine}).save(tasks)
    here, there = (ArmResults(str(tmp_path / name)).load() for name in ("here", "there"))
    assert [each.arm for each in there] == [each.arm for each in here] == ["a", "b", "c"]
    for one, other in zip(here, there, strict=True):
        assert one.result.facts == other.result.facts
        assert one.result.arrays["test"].tolist() == other.result.arrays["test"].tolist()


def test_each_run_that_is_made_is_a_nested_mlflow_run(tmp_path):
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("tests")  # another test may have chosen one of its own database
    dataset = ArmResults(str(tmp_path / "results"))
    with mlflow.start_run() as parent:
        dataset.save({"a": task("a")})
        dataset.save({"a": task("a")})
    (nested,) = mlflow.MlflowClient().search_runs(
        [parent.info.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    )
    assert nested.data.tags["arm"] == "a" and nested.data.tags["task"] == "toy"
    assert nested.data.params["seed"] == "2" and nested.data.params["chosen.leaf"] == "3"
    assert nested.data.metrics == {"test_accuracy": 0.25, "seconds": 0.5}
    assert nested.info.status == "FINISHED"


def test_the_preview_shows_the_metrics_of_each_run(tmp_path):
    dataset = ArmResults(str(tmp_path))
    dataset.save({"a": task("a")})
    shown = json.loads(dataset.preview())
    assert shown == {"a, all, seed 2, rotation 1": {"test_accuracy": 0.25}}
