"""Where runs are tracked."""

import json
from pathlib import Path

import pytest
import yaml
from kedro.io import MemoryDataset

from pimc.catalog.metrics import COMPARED
from pimc.catalog.scenes import SimulatedScenes
from pimc.evaluation.tasks import TASKS
from pimc.hooks.data_input import find_raw, record_source
from pimc.hooks.headlines import comparison_view
from pimc.hooks.tracking import MAX_PARAM_VAL_LENGTH, RunTracking, locate_runs
from pimc.pipeline_registry import register_pipelines
from pimc.signal.calendar import CalendarOptions

SHIPPED = Path(__file__).parents[2] / "conf/base/mlflow.yml"


@pytest.fixture
def shipped():
    return yaml.safe_load(SHIPPED.read_text())


def found(configuration):
    creation = configuration["tracking"]["experiment"]["create_experiment_kwargs"]
    return configuration["server"]["mlflow_tracking_uri"], creation.get("artifact_location")


def test_the_database_lies_in_the_project_wherever_the_command_is_typed(shipped):
    located = locate_runs(shipped, Path("/my project"), None)
    assert found(located) == ("sqlite:////my project/mlflow.db", "mlruns/pimc")


@pytest.mark.parametrize("address", ["http://server:5000", "sqlite:////other/runs.db"])
def test_another_address_goes_first_and_knows_where_its_artifacts_lie(shipped, address):
    assert found(locate_runs(shipped, Path("/project"), address)) == (address, None)
    shipped["server"]["mlflow_tracking_uri"] = address
    assert found(locate_runs(shipped, Path("/project"), None)) == (address, None)
    assert shipped["tracking"]["experiment"]["create_experiment_kwargs"]["artifact_location"]


def test_a_project_without_a_configuration_of_mlflow_has_kedro_mlflows_own():
    assert locate_runs({}, Path("/project"), None)["server"] == {"mlflow_tracking_uri": "mlruns"}


def test_columns_of_the_list_of_runs_are_metrics_that_runs_have():
    columns = json.loads(comparison_view())["selectedColumns"]
    shown = {name.split("`")[1] for name in columns if name.startswith("metrics.")}
    scores = {f"{task.name}_{task.scores[0]}" for task in TASKS.values() if task.evaluated}
    assert shown == scores | set(COMPARED.values())


def test_data_of_other_options_have_another_digest():
    ten, twelve = (record_source(SimulatedScenes(patches=count)) for count in (10, 12))
    assert ten.name == "simulated" and ten.source.to_dict()["tags"]["patches"] == "10"
    assert ten.digest != twelve.digest
    assert ten.digest == record_source(SimulatedScenes(patches=10)).digest
    assert record_source(MemoryDataset()).name == "MemoryDataset"


def test_data_are_those_that_a_run_reads_or_goes_back_to():
    pipelines = register_pipelines()
    assert find_raw(pipelines["pretrain"]) == ["scenes"]
    assert find_raw(pipelines["land_cover"]) == ["land_cover.files"]
    assert find_raw(pipelines["__default__"]) == ["scenes", "land_cover.files"]
    later = pipelines["land_cover"].from_nodes("land_cover.run_arms")
    assert find_raw(later) == ["land_cover.files"]
    assert find_raw(pipelines["pretraining"].from_nodes("pretraining.pretrain_encoders")) == [
        "scenes"
    ]
    assert find_raw(pipelines["leaderboard"]) == []


def test_parameters_are_logged_once_in_one_write_a_node(monkeypatch):
    written = []
    monkeypatch.setattr("mlflow.log_params", lambda given: written.append(dict(given)))
    monkeypatch.setattr("mlflow.log_param", lambda name, value: written.append({name: value}))
    tracking = RunTracking()
    tracking._is_mlflow_enabled, tracking.run_id = True, None
    tracking.flatten, tracking.recursive, tracking.sep = True, True, "."
    tracking.long_params_strategy = "truncate"
    calendar = CalendarOptions(length=12)
    long = "x" * (MAX_PARAM_VAL_LENGTH + 1)
    for inputs in (
        {"params:calendar": calendar, "series": object()},
        {"params:calendar": calendar, "params:seed": 3},
        {"params:text": long},
        {"params:text": long, "params:seed": 3},
    ):
        tracking.before_node_run(None, None, inputs, False)
    first, second, third = written
    assert first["calendar.length"] == 12 and len(first) > 3
    assert second == {"seed": 3}
    assert third == {"text": long[:MAX_PARAM_VAL_LENGTH]}
