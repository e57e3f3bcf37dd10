"""Pieces of work on workers of Dask: processes of this machine, of SLURM, or of a scheduler."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import dask
from distributed import Client, Future, LocalCluster, as_completed

from pimc.compute.mark import Mark, marking
from pimc.compute.options import PROCESSES, SLURM, ComputeOptions, SlurmOptions
from pimc.compute.parcel import pack
from pimc.compute.pieces import Follow, Piece, PieceError, naming
from pimc.compute.worker import Came, Work, do_piece, forget, hold

logger = logging.getLogger(__name__)

SETTINGS = {
    # workers that a piece may take with it before it is held to be the cause: a job of SLURM that
    # has come to its end counts as well
    "distributed.scheduler.allowed-failures": 5,
    # else each worker that comes and goes is told of
    "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
    # all pieces travel as one block of bytes
    "distributed.admin.large-graph-warning-threshold": "10GB",
}

PAGE = "127.0.0.1:0"
"""Where a scheduler shows itself: without a host it would be open to the network."""

DASK = "distributed"
"""Logger of Dask."""

ANSWER = "10s"
"""For a scheduler to answer."""


def run_on_cluster(
    pieces: Sequence[Piece[Any, Any]], options: ComputeOptions, folder: Path, follow: Follow[Any]
) -> None:
    """Make all pieces on workers, and store them there where workers see the folder.

    Raises:
        PieceError: as ``pimc.compute.run.run_pieces`` does.
        ConnectionError: if no scheduler answers.
    """
    with open_client(options) as client, marking(folder) as mark:
        parcel = pack(describe_work(pieces), by_file=all(look(client, mark).values()))
        futures = submit(client, parcel, len(pieces), mark)
        try:
            gather(client, dict(zip(futures, pieces, strict=True)), follow)
        except PieceError:
            client.run(forget, on_error="ignore")
            raise
        client.run(forget, on_error="ignore")  # workers of a scheduler of one's own live on
    # a network file system believes that a file is not there until its folder is read again
    os.listdir(folder)


def describe_work(pieces: Sequence[Piece[Any, Any]]) -> Work:
    """Pieces with what a worker has to know of this process."""
    manager = logging.Logger.manager
    named = {name: each for name, each in manager.loggerDict.items() if hasattr(each, "level")}
    others = {name: each for name, each in named.items() if not name.startswith(DASK)}
    levels = {name: each.level for name, each in others.items() if each.level}
    return Work(list(pieces), str(Path.cwd()), levels)


def look(client: Client, mark: Mark) -> Mapping[str, bool]:
    """Whether each worker sees a folder; waits for the first one."""
    if not client.scheduler_info(n_workers=-1)["workers"]:
        logger.info("waiting for workers of %s", client.scheduler.address)
    client.wait_for_workers(1)
    # a worker that is lost meanwhile answers with an error, and sees nothing
    answers = client.run(mark.is_seen, on_error="return")
    seen = {worker: answer is True for worker, answer in answers.items()}
    if not all(seen.values()):
        logger.info(
            "%d of %d workers do not see %s: what they make is carried back",
            len(seen) - sum(seen.values()),
            len(seen),
            mark.path.parent,
        )
    return seen


def submit(client: Client, parcel: bytes, count: int, mark: Mark) -> list[Future]:
    """One future a piece, and one of all pieces' bytes, which the scheduler can make again."""
    run = uuid4().hex[:8]
    held = client.submit(hold, parcel, key=f"pieces-{run}", pure=False)
    return [
        client.submit(do_piece, held, number, mark, key=f"piece-{run}-{number}", pure=False)
        for number in range(count)
    ]


def gather(client: Client, pieces: dict[Future, Piece[Any, Any]], follow: Follow[Any]) -> None:
    """Tell of each piece as it comes back; after a failure, of those that had come back by then.

    Raises:
        PieceError: of the first that failed.
    """
    failure: Exception | None = None
    for future in as_completed(list(pieces), loop=client.loop):
        if failure is not None and future.status != "finished":
            continue
        piece = pieces.pop(future)
        try:
            with naming(piece.name):
                came: Came = future.result()
                with follow(piece.name) as tell:
                    tell(came.told if came.stored else piece.store(came.made))
        except Exception as error:
            failure = failure or error
            client.cancel([each for each in pieces if not each.done()])
        future.release()  # else the worker would keep what it has sent
    if failure is not None:
        raise failure


@contextmanager
def open_client(options: ComputeOptions) -> Iterator[Client]:
    """A client, and the cluster that it needs; both are closed at the end of the block.

    Raises:
        ConnectionError: if no scheduler answers at the address.
    """
    logging.getLogger(DASK).setLevel(logging.ERROR)  # in this process
    with dask.config.set(SETTINGS):
        if options.engine == PROCESSES:
            with local_cluster(options) as cluster, _connect(cluster) as client:
                yield client
        elif options.engine == SLURM:
            with slurm_cluster(options.slurm) as cluster, _connect(cluster) as client:
                cluster.scale(n=options.workers)
                yield client
        else:
            with _connect(options.engine) as client:
                yield client


def local_cluster(options: ComputeOptions) -> LocalCluster:
    """Processes of this machine, one thread each."""
    return LocalCluster(
        n_workers=options.processes,
        threads_per_worker=1,
        dashboard_address=PAGE,
        # Dask counts the pages of memory maps as memory, and would end who reads large files
        memory_limit=0,
        silence_logs=logging.CRITICAL,  # what fails comes back
        preload=["pimc.compute.worker"],
    )


def slurm_cluster(job: SlurmOptions) -> Any:  # noqa: ANN401
    """Jobs of SLURM, one worker of one thread a core."""
    from dask_jobqueue import SLURMCluster

    return SLURMCluster(
        queue=job.queue,
        cores=job.cores,
        processes=job.cores,
        memory=job.memory,
        walltime=job.walltime,
        scheduler_options={"dashboard_address": PAGE},
        # SLURM itself sees to the memory, and does not count memory maps
        worker_extra_args=["--memory-limit", "0"],
    )


def _connect(where: Any) -> Client:  # noqa: ANN401
    try:
        return Client(where, timeout=ANSWER, set_as_default=False)
    except OSError as error:
        raise ConnectionError(
            f"no scheduler answers at {where} ({error}): start one with `dask scheduler`, and its "
            f"workers with `dask worker {where} --nthreads 1`, or set compute=threads"
        ) from error
