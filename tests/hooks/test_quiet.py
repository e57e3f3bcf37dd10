"""A run shows no warning that is not the user's to act on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cases.projects import new_project

PROJECT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT / "src"), "DO_NOT_TRACK": "1"}


@pytest.fixture
def project(tmp_path):
    folder = new_project(tmp_path / "my project")  # with a space
    (folder / "docs").mkdir()
    return folder


def kedro(folder, *arguments, **variables):
    command = [sys.executable, "-m", "kedro", *arguments]
    environment = {**ENVIRONMENT, "COLUMNS": "200", **variables}
    environment.pop("MLFLOW_TRACKING_URI", None) if not variables else None
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


TINY = ("run", "--pipeline=ingestion", "--params=patches=4,size=24")


def test_commands_warn_of_nothing(project):
    said = kedro(project, "registry", "list") + kedro(project, *TINY)
    assert "Completed 5 out of 5 tasks" in said
    for word in ("warning", "deprecat", "resolver", "KEDRO_LOGGING_CONFIG", "database tables"):
        assert word not in said.lower(), said


@pytest.mark.slow
def test_a_command_in_a_subfolder_is_tracked_in_the_project(project):
    kedro(project / "docs", *TINY)
    assert (project / "mlflow.db").exists()
    assert not list((project / "docs").iterdir())


@pytest.mark.slow
def test_the_variable_names_another_place_for_runs(project, tmp_path):
    kedro(project, *TINY, MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path}/mine.db", KEDRO_ENV="paper")
    assert (tmp_path / "mine.db").exists()
    assert not (project / "mlflow.db").exists()
