"""One run writes in a workspace, and nothing of killed ones stays."""

import os
import signal
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import mlflow
import pytest
from filelock import FileLock, Timeout
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node

from pimc.hooks.interruptions import PROCESS, close_killed, this_process
from pimc.hooks.workspace import WorkspaceLock, remove_leftovers


def started(project, output="table"):
    """The hook of a session that is about to run."""
    hook = WorkspaceLock()
    loader = {"globals": {"workspace": "here"}}
    hook.after_context_created(SimpleNamespace(project_path=project, config_loader=loader))
    file = {"type": "pandas.CSVDataset", "filepath": f"{project}/data/08_reporting/here/table.csv"}
    pipeline = Pipeline([node(lambda: None, None, output)])
    return hook, pipeline, DataCatalog.from_config({"table": file})


def is_free(project):
    try:
        FileLock(project / "data/.here.lock").acquire(blocking=False)
    except Timeout:
        return False
    return True


def test_a_run_that_writes_holds_its_workspace_until_it_ends(tmp_path):
    hook, *run = started(tmp_path)
    for end in (hook.after_pipeline_run, hook.on_pipeline_error):
        hook.before_pipeline_run(*run)
        hook.before_pipeline_run(*run)  # of this process, after an interrupt in a notebook
        assert not is_free(tmp_path)
        end()
        assert is_free(tmp_path)


def test_a_run_that_writes_nothing_waits_for_nobody(tmp_path):
    hook, *run = started(tmp_path, "in memory")
    hook.before_pipeline_run(*run)
    assert not (tmp_path / "data").exists()


def test_the_second_waits_and_says_so(tmp_path, caplog):
    (first, *run), (second, *_) = started(tmp_path), started(tmp_path)
    first.before_pipeline_run(*run)
    waiting = threading.Thread(target=second.before_pipeline_run, args=run)
    waiting.start()
    waiting.join(timeout=0.3)
    assert waiting.is_alive()
    assert "another run writes in workspace here: waiting" in caplog.text
    first.after_pipeline_run()
    waiting.join(timeout=10)
    assert not waiting.is_alive()


@pytest.fixture
def dead():
    """A process that was killed."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return process.pid


def test_temporaries_of_killed_processes_go_and_no_others(tmp_path, dead):
    folder = tmp_path / "data/06_models/here/encoders"
    (folder / f".k1.{dead}.tmp").mkdir(parents=True)
    (folder / f".k1.{dead}.tmp" / "half").touch()
    (folder.parent / f".a.json.{dead}.tmp").touch()
    kept = [folder / f".k2.{os.getpid()}.tmp", folder / "mine.tmp", folder / ".own.tmp"]
    for path in kept:
        path.touch()
    hook, *run = started(tmp_path)
    hook.before_pipeline_run(*run)
    assert sorted(path for path in folder.parent.rglob("*") if path.is_file()) == sorted(kept)
    assert not (folder / f".k1.{dead}.tmp").exists()
    hook.after_pipeline_run()


def test_a_workspace_that_is_not_there_has_no_leftovers(tmp_path):
    remove_leftovers(tmp_path / "nowhere")


def test_runs_of_killed_processes_are_closed_with_those_within_them(tmp_path, dead):
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.create_experiment("x")
    machine = this_process().split(" ")[0]

    def run(**tags):
        named = {PROCESS: tags.pop("process")} if "process" in tags else {}
        parent = {"mlflow.parentRunId": tags["parent"]} if "parent" in tags else {}
        return client.create_run(experiment, tags=named | parent).info.run_id

    killed = run(process=f"{machine} {dead} 123")
    within = run(parent=killed)
    reused = run(process=f"{machine} {os.getpid()} 123")
    alive = [run(process=this_process()), run(process="elsewhere 1 2"), run()]
    alive.append(run(parent=alive[0]))
    close_killed(experiment)
    status = {each: client.get_run(each).info.status for each in (killed, within, reused, *alive)}
    assert [name for name, value in status.items() if value == "KILLED"] == [killed, within, reused]
    assert {status[each] for each in alive} == {"RUNNING"}


def test_a_process_is_known_by_machine_number_and_start():
    machine, number, start = this_process().split(" ")
    assert (machine, number) == (socket.gethostname(), str(os.getpid()))
    assert start.isdigit() and this_process().split(" ")[2] == start
