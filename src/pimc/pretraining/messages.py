"""What processes that train together tell the one that has started them, through its store."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

from pimc.pretraining.kept_encoder import LogMetrics

PREFIX, STOP, FAILURES = "pimc", "stop", "failures"

CONNECT = timedelta(seconds=10)
"""In which a store answers: it is there before any process that looks for it."""

GATHER = timedelta(minutes=30)
"""In which all processes have come: somebody may start those of other machines by hand."""

LOOK = 0.2
"""Seconds between two looks whether to go on."""


@dataclass(frozen=True)
class Failure:
    """Why a process has ended.

    Attributes:
        process: its number.
        reason: what ended it.
        killed: whether it was a signal: what other processes say then follows from it.
    """

    process: int
    reason: str
    killed: bool = False


def connect(meeting: tuple[str, int]) -> Store:
    """The store at a host and port.

    Raises:
        RuntimeError: if nobody holds one there.
    """
    store = TCPStore(*meeting, is_master=False, timeout=CONNECT)
    store.set_timeout(GATHER)
    return store


class Sender:
    """Sends metrics and log records in order."""

    def __init__(self, store: Store):
        self.store, self._sent, self._lock = PrefixStore(PREFIX, store), 0, threading.Lock()

    def metrics(self, metrics: dict[str, float], step: int) -> None:
        """As ``LogMetrics``."""
        self._send("metrics", metrics, step)

    def log(self, name: str, level: int, text: str) -> None:
        """A record of a logger."""
        self._send("log", name, level, text)

    def _send(self, *message: object) -> None:
        with self._lock:
            _put(self.store, f"message/{self._sent}", message)
            self._sent += 1


class SentRecords(logging.Handler):
    """Log records of this process, as if the other had made them."""

    def __init__(self, sender: Sender):
        super().__init__()
        self.sender = sender

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        self.sender.log(record.name, record.levelno, record.getMessage())


class Receiver:
    """Hands on what a ``Sender`` sends."""

    def __init__(self, store: Store, log_metrics: LogMetrics):
        self.store, self.log_metrics = PrefixStore(PREFIX, store), log_metrics
        self._received = 0

    def forward(self) -> None:
        """Log all that has come since the last time."""
        while self.store.check([key := f"message/{self._received}"]):
            kind, *content = json.loads(self.store.get(key))
            self.store.delete_key(key)
            self._received += 1
            if kind == "metrics":
                self.log_metrics(*content)
            else:
                name, level, text = content
                logging.getLogger(name).log(level, "%s", text)

    def failures(self) -> list[Failure]:
        """What processes have said of their end, in order."""
        found: list[Failure] = []
        while self.store.check([key := f"failure/{len(found) + 1}"]):
            found.append(Failure(**json.loads(self.store.get(key))))
        return found


def report(store: Store, failure: Failure) -> None:
    """Say why a process ends."""
    ours = PrefixStore(PREFIX, store)
    _put(ours, f"failure/{ours.add(FAILURES, 1)}", asdict(failure))


def _put(store: Any, key: str, value: object) -> None:  # noqa: ANN401
    """Set a key, and be back when it is there: ``set`` alone does not wait for the store."""
    store.set(key, json.dumps(value))
    store.check([key])


def tell_to_stop(store: Store) -> None:
    """End all processes that ``leave_with`` watches, on other machines too."""
    with suppress(RuntimeError):  # it is gone, and they with it
        PrefixStore(PREFIX, store).set(STOP, "")


def leave_with(meeting: tuple[str, int]) -> threading.Event:
    """End this process when the store says so, or when it is gone with the process that held it.

    Whatever this process waits for then: a collective of others that are no more has no end.

    Returns:
        Set it where the end of the store is no longer the end of this process.
    """
    # a connection of its own: that of the training is taken while it waits for others
    store, done = PrefixStore(PREFIX, connect(meeting)), threading.Event()

    def watch() -> None:
        while not done.is_set():
            if _is_over(store) and not done.is_set():
                os._exit(1)
            time.sleep(LOOK)

    threading.Thread(target=watch, daemon=True).start()
    return done


def _is_over(store: Any) -> bool:  # noqa: ANN401
    try:
        return bool(store.check([STOP]))
    except RuntimeError:
        return True
