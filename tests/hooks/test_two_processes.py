"""Real processes in one project at once."""

import json
import subprocess
import sys

import mlflow
import pytest
from cases.projects import new_project

CODE = """
import json, sys
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

project, pipeline, parameters = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
bootstrap_project(project)
with KedroSession.create(project, runtime_params=parameters) as session:
    context = session.load_context()
    print("there", flush=True)
    sys.stdin.readline()
    if pipeline:
        session.run(pipeline_names=[pipeline])
"""
TINY = {"patches": 8, "size": 32, "sampling": {"pixels_per_patch": 16, "frames_per_patch": 2}}


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path)


def start(project, pipeline="", **parameters):
    return subprocess.Popen(
        [sys.executable, "-c", CODE, str(project), pipeline, json.dumps(parameters)],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def go(processes):
    """Let processes that have all reached the same place go on together; what they have said."""
    for process in processes:
        while (line := process.stdout.readline()) and line.strip() != "there":
            pass
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), said
    return said


@pytest.mark.slow
def test_the_database_is_made_once(project):
    go([start(project) for _ in range(3)])
    client = mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db")
    names = [each.name for each in client.search_experiments()]
    assert len(names) == len(set(names)) == 2  # MLflow's own and ours


@pytest.mark.slow
def test_two_ingestions_of_other_parameters_leave_each_other_whole(project):
    other = {**TINY, "sampling": {"pixels_per_patch": 8, "frames_per_patch": 2}}
    given = [TINY, other]
    said = go([start(project, "ingestion", **each) for each in given])
    assert sum("another run writes in workspace simulated" in each for each in said) == 1

    def pixels():
        import pandas as pd

        return len(pd.read_parquet(project / "data/03_primary/simulated/pixels.parquet"))

    from pimc.catalog.sharded import SampleShards

    shards = SampleShards(str(project / "data/02_intermediate/simulated/patch_samples")).load()
    assert len(shards) == TINY["patches"]
    found = sum(len(each.reflectance) for each in shards.values())
    assert found == pixels()
    assert found in (TINY["patches"] * each["sampling"]["pixels_per_patch"] for each in given)
    assert not list(project.rglob(".*.tmp")) + list(project.rglob("*.damaged"))
