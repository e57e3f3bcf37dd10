"""Runs that are cut short: Kedro tells its hooks of errors, not of Ctrl-C and SIGTERM."""

from __future__ import annotations

import atexit
import signal
import socket
import threading
from pathlib import Path
from types import FrameType
from typing import NoReturn

import mlflow

PROCESS = "process"
"""Tag of a run: machine, number and start of the process that makes it."""

PARENT = "mlflow.parentRunId"


def this_process() -> str:
    """What tells this process from all others, those of the same number before it too."""
    return _process("self")


def close_killed(experiment_id: str) -> None:
    """Close runs whose process on this machine is no more: SIGKILL leaves them RUNNING."""
    client = mlflow.MlflowClient()
    running = client.search_runs([experiment_id], "attributes.status = 'RUNNING'")
    killed = {run.info.run_id for run in running if _is_gone(run.data.tags.get(PROCESS, ""))}
    for run in running:
        if {run.info.run_id, run.data.tags.get(PARENT)} & killed:
            client.set_terminated(run.info.run_id, "KILLED")


def _is_gone(process: str) -> bool:
    machine, _, rest = process.partition(" ")
    return machine == socket.gethostname() and process != _process(rest.split(" ")[0])


def _process(number: str) -> str:
    """Machine, number and start of a process; of one that is no more, no start."""
    try:
        words = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return f"{socket.gethostname()} {number}"
    # the second word is the program in brackets, and may hold others
    number, rest = words.split(" ", 1)[0], words.rpartition(")")[2].split()
    return f"{socket.gethostname()} {number} {rest[19]}"


def watch_interruptions() -> None:
    """Close the run as failed after Ctrl-C and SIGTERM too."""
    atexit.register(_close_interrupted)
    # without a handler SIGTERM ends the process before anything is closed, and Lightning's own
    # ends it with status 0; a handler can be set in the main thread only
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _leave)


def end_watch() -> None:
    """The run has ended: nothing is left to close."""
    atexit.unregister(_close_interrupted)
    if signal.getsignal(signal.SIGTERM) is _leave:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """Exit with the status that shells give to a process that a signal has ended."""
    raise SystemExit(128 + number)


def _close_interrupted() -> None:
    """At exit: a run that nobody has closed was cut short."""
    while mlflow.active_run():
        mlflow.end_run("FAILED")
