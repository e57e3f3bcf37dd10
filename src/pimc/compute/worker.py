"""What a worker does: it opens the pieces once, makes one at a time, and stores it if it can."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import cloudpickle

from pimc.compute.mark import Mark
from pimc.compute.pieces import Piece

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
"""Variables by which libraries know how many threads they may have."""

_ALONE = Lock()
"""A worker with several threads makes one piece at a time too: torch's random state is one."""


@dataclass(frozen=True)
class Work:
    """All pieces, and what a worker has to know of the process that asks for them.

    Attributes:
        pieces: in their order.
        folder: in which it works: paths may be relative.
        levels: of its loggers, by name: who is quiet there is quiet here.
    """

    pieces: Sequence[Piece[Any, Any]]
    folder: str
    levels: Mapping[str, int]


@dataclass(frozen=True)
class Came:
    """What comes back of a piece.

    Attributes:
        stored: whether the worker has stored it.
        told: of it, then.
        made: the whole of it, else.
    """

    stored: bool
    told: Any = None
    made: Any = None


def dask_setup(_: object) -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the one that asks for pieces.

    Dask calls it by this name where a worker begins that names this module to be loaded first.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def hold(parcel: bytes) -> bytes:
    """The bytes of all pieces, as a task of its own: it is made again where its worker is lost."""
    return parcel


def do_piece(parcel: bytes, number: int, mark: Mark) -> Came:
    """Make one of the pieces, and store it where its folder is seen."""
    with _ALONE:
        piece = _open(parcel).pieces[number]
        made = piece.make()
        if mark.is_seen():
            return Came(True, told=piece.store(made))
        return Came(False, made=made)


@lru_cache(maxsize=1)
def _open(parcel: bytes) -> Work:
    """The pieces: what they share, they share here too, from one to the next."""
    limit_threads()
    work: Work = cloudpickle.loads(parcel)
    with suppress(OSError):  # on a machine that has no such folder
        os.chdir(work.folder)
    for name, level in work.levels.items():
        logging.getLogger(name).setLevel(level)
    return work


def forget() -> None:
    """Leave the pieces of a run that is over: encoders and arrays are among them."""
    _open.cache_clear()


def limit_threads() -> None:
    """One thread for each library: as many workers as cores would have one for each core each."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    # joblib, on the one thread that a forest shall have
    warnings.filterwarnings("ignore", message="Inside a Dask worker with daemon=True")
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
