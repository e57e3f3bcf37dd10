"""Runs that are cut short: Kedro tells its hooks of errors, not of Ctrl-C and SIGTERM."""

from __future__ import annotations

import atexit
import signal
import threading
from types import FrameType
from typing import NoReturn

import mlflow


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
