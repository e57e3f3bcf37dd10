"""A run that is killed at any change of a file, and run again, ends as one that was not.

Each trial is a process that kills itself at its n-th change of a file below ``data``: before it is
opened to be written, renamed, removed, or a folder is made. ``PIMC_KILLS`` says how many there are.
"""

import hashlib
import os
import shutil
import signal
import sys
import traceback

import mlflow
import pytest
from cases.projects import new_project

KILLS = int(os.environ.get("PIMC_KILLS", "40"))
PARAMETERS = {
    "patches": 8,
    "size": 32,
    "sampling": {"pixels_per_patch": 24, "frames_per_patch": 2},
    "pretraining": {
        "preset": "tiny",
        "max_epochs": 2,
        "steps_per_epoch": 2,
        "progress_bar": False,
        "accelerator": "cpu",
        "batch": {"size": 8, "patches": 4},
        "evaluation": {"batches": 1, "gallery": 16, "patches": 2},
    },
}
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
ENCODERS = "data/06_models/simulated"


def is_change(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
    else:
        if event not in CHANGES:
            return False
        path, writes = arguments[0], True
    return bool(writes) and isinstance(path, (str, os.PathLike)) and "/data/" in os.fspath(path)


def in_child(project, kill_at=None, work=None):
    """Work in a child process that writes to ``log``; its status and how many changes it made."""
    counter = project / "changes"
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1], int(counter.read_text() or 0) if kill_at is None else 0
    try:
        log = os.open(project / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.stdout = sys.stderr = os.fdopen(log, "a")  # pytest's own are elsewhere
        changes = [0]

        def watch(event, arguments):
            if is_change(event, arguments):
                changes[0] += 1
                if changes[0] == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        (work or run)(project)
        counter.write_text(str(changes[0]))
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def run(project, pipelines=("pretrain",), environment=None, parameters=PARAMETERS):
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(project)
    for pipeline in pipelines:
        with KedroSession.create(project, env=environment, runtime_params=parameters) as session:
            session.run(pipeline_names=[pipeline])


def digests(project):
    """Of all that a run leaves of its encoders and its corpus."""
    found = sorted((project / ENCODERS).glob("*_encoder/*"))
    found += sorted((project / "data/04_feature/simulated").glob("*.npy"))
    assert len(found) > 4
    return {
        str(path.relative_to(project)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


@pytest.mark.slow
def test_a_run_that_is_killed_anywhere_ends_as_one_that_is_not(tmp_path):
    kill_anywhere(lambda name: new_project(tmp_path / name), run, digests, KILLS)


def kill_anywhere(make, work, outcome, kills):
    """Kill work at so many of its changes, spread evenly; do it again, and compare.

    Args:
        make: a new project of some name.
        work: what a process does in it.
        outcome: what is there then, to be compared.
        kills: how many.
    """
    import lightning  # noqa: F401  once, and not in each child

    whole = make("whole")
    status, changes = in_child(whole, work=work)
    assert status == 0, (whole / "log").read_text()[-3000:]
    expected = outcome(whole)
    assert changes > 20
    points = sorted({1 + round(n * (changes - 1) / max(1, kills - 1)) for n in range(kills)})
    wrong = {}
    for point in points:
        project = make(f"killed_at_{point}")
        status, _ = in_child(project, point, work)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, point
        status, _ = in_child(project, work=work)
        if status:
            wrong[point] = (project / "log").read_text()[-2000:]
        elif others := differing(outcome(project), expected):
            wrong[point] = f"other results: {others}"
        elif left := [*(project / "data").rglob(".*.tmp"), *project.rglob("*.damaged")]:
            wrong[point] = f"left over: {left}"
        elif running := running_runs(project):
            wrong[point] = f"still running: {running}"
        shutil.rmtree(project)
    assert not wrong, f"{len(wrong)} of {len(points)} kills among {changes} changes: {wrong}"


def differing(found, expected):
    """Names of what is not alike."""
    names = found.keys() | expected.keys()
    return sorted(name for name in names if found.get(name) != expected.get(name))


def running_runs(project):
    client = mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db")
    experiments = [each.experiment_id for each in client.search_experiments()]
    return client.search_runs(experiments, "attributes.status = 'RUNNING'")
