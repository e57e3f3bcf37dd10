"""Processes that train together, started from the one that asks for it and ended with it.

Kedro's session, the MLflow run and all outputs stay with the process that asks. The others run
``pimc.pretraining.worker``: they read from a folder what is trained, meet by a store that the
asking process holds, and send it what is to be logged.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.distributed import Store, TCPStore  # type: ignore[attr-defined]

import pimc
from pimc.pretraining.callbacks import BestWeights, TrainingRecord
from pimc.pretraining.job import TrainingJob, write_job
from pimc.pretraining.kept_encoder import LogMetrics
from pimc.pretraining.messages import Failure, Receiver, tell_to_stop
from pimc.pretraining.options import PretrainingOptions

logger = logging.getLogger(__name__)

FOLDER, OUTCOME = "job", "outcome.ckpt"
"""Of the processes, in the folder of the training's checkpoint; and what they leave there."""

WORKER = "pimc.pretraining.worker"
SLURM = "SLURM_JOB_ID"

LOOK = 0.1
"""Seconds between two looks at the processes."""

GRACE = 2.0
"""Seconds in which processes end by themselves: those of other machines are out of reach."""

Command = tuple[list[str], dict[str, str]]
"""Words, and the environment."""


def train_in_processes(
    job: TrainingJob, folder: Path, resume: Path | None, log_metrics: LogMetrics
) -> tuple[TrainingRecord, BestWeights]:
    """Train in ``devices`` x ``nodes`` processes; this one waits, logs, and ends them.

    Args:
        job: what is trained on what.
        folder: of the checkpoint.
        resume: checkpoint of an unfinished training.
        log_metrics: as ``pimc.pretraining.fitting.train_here`` takes it.

    Raises:
        RuntimeError: if one of them fails or is killed; the others are ended.
        KeyboardInterrupt: when the user stops the training; they are ended too.
    """
    options, place = job.options, (folder / FOLDER).resolve()
    shutil.rmtree(place, ignore_errors=True)  # of a run that was killed
    place.mkdir()
    try:
        store, meeting = hold_store(options.nodes)
        write_job(place, job, meeting, resume)
        receiver = Receiver(store, log_metrics)
        with running(commands(place, options, os.environ), store) as processes:
            logger.info("training in %d processes", options.processes)
            _ask_other_machines(place, options)
            _follow(processes, receiver, folder, options)
        outcome = torch.load(place / OUTCOME, weights_only=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    record, best = TrainingRecord(log_metrics, lambda module: {}), BestWeights()
    record.load_state_dict(outcome["record"])
    best.load_state_dict(outcome["best"])
    return record, best


def hold_store(nodes: int) -> tuple[Store, tuple[str, int]]:
    """A store for the processes of so many machines; it goes with this process.

    Returns:
        The store, and its host and port. The system chooses the port and nobody else has it.
    """
    host = socket.gethostname() if nodes > 1 else "127.0.0.1"
    # of one machine nobody outside is heard
    listener = socket.create_server(("" if nodes > 1 else host, 0))
    port = listener.getsockname()[1]
    descriptor = listener.detach()  # the store's from here on
    store = TCPStore(
        host, port, is_master=True, wait_for_workers=False, master_listen_fd=descriptor
    )
    return store, (host, port)


def commands(
    place: Path, options: PretrainingOptions, environment: Mapping[str, str], node: int = 0
) -> list[Command]:
    """What starts the processes of a machine, or within a SLURM job those of all its machines.

    Args:
        place: folder of the job.
        options: devices and nodes.
        environment: of this process.
        node: number of the machine.
    """
    package = str(Path(pimc.__file__).parents[1])  # Kedro finds it without an installation
    paths = [package, *filter(None, [environment.get("PYTHONPATH")])]
    cores = max(1, len(os.sched_getaffinity(0)) // options.devices)
    shared = {
        "OMP_NUM_THREADS": str(cores),
        # what fails is said in one line, and not by each process with its stack
        "TORCH_CPP_LOG_LEVEL": "FATAL",
        **environment,
        "PYTHONPATH": os.pathsep.join(paths),
    }
    words = [sys.executable, "-m", WORKER, str(place)]
    if options.nodes > 1 and SLURM in environment:
        shared.pop("RANK", None)  # SLURM numbers them
        return [([*_srun(options, environment), *words], shared)]
    if options.nodes == 1:
        # a name of this machine that leads nowhere is of no matter then
        shared.setdefault("GLOO_SOCKET_IFNAME", "lo")
    first = node * options.devices
    return [(words, {**shared, "RANK": str(first + n)}) for n in range(options.devices)]


def _srun(options: PretrainingOptions, environment: Mapping[str, str]) -> list[str]:
    cores = environment.get("SLURM_CPUS_PER_TASK")  # which SLURM's steps do not inherit
    return [
        "srun",
        f"--nodes={options.nodes}",
        f"--ntasks={options.processes}",
        f"--ntasks-per-node={options.devices}",
        "--distribution=block",
        "--kill-on-bad-exit=1",
        *([f"--cpus-per-task={cores}"] if cores else []),
    ]


@contextmanager
def running(started: Sequence[Command], store: Store) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes, none of which is left at the end of the block."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for words, environment in started:
            # a session of their own: Ctrl-C is this process's, which ends them
            processes.append(
                subprocess.Popen(
                    words, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
                )
            )
        yield processes
    finally:
        if any(each.poll() != 0 for each in processes):
            tell_to_stop(store)
        _until(lambda: all(each.poll() is not None for each in processes), GRACE)
        for each in processes:
            each.kill()
            each.wait()


def find_failures(processes: Sequence[subprocess.Popen[bytes]], first: int = 0) -> list[Failure]:
    """Processes that have ended otherwise than well, numbered from ``first``."""
    found = []
    for process, each in enumerate(processes, first):
        if code := each.poll():
            reason = signal.Signals(-code).name if code < 0 else f"status {code}"
            found.append(Failure(process, reason, killed=code < 0))
    return found


def watch(
    processes: Sequence[subprocess.Popen[bytes]], look: Callable[[], bool] = lambda: False
) -> None:
    """Wait until all processes have ended, or one badly, or ``look`` has seen enough."""
    while any(each.poll() is None for each in processes):
        if look() or find_failures(processes):
            return
        time.sleep(LOOK)


def _follow(
    processes: Sequence[subprocess.Popen[bytes]],
    receiver: Receiver,
    folder: Path,
    options: PretrainingOptions,
) -> None:
    """Log what comes until all have ended.

    Raises:
        RuntimeError: if one fails.
    """

    def look() -> bool:
        receiver.forward()
        return bool(receiver.failures())

    watch(processes, look)
    if not look() and not find_failures(processes):
        return

    def told() -> list[Failure]:
        return [*receiver.failures(), *find_failures(processes)]

    # others fail for the one that was killed, and may be heard first
    _until(lambda: any(each.killed for each in told()), GRACE / 4)
    cause = min(told(), key=lambda each: not each.killed)
    raise RuntimeError(_explain(cause, folder, options))


def _explain(cause: Failure, folder: Path, options: PretrainingOptions) -> str:
    lines = cause.reason.strip().splitlines()
    if len(lines) > 1:
        logger.error("in process %d:\n%s", cause.process, cause.reason)
    how = "was ended by" if cause.killed else "failed:"
    return (
        f"process {cause.process} of the {options.processes} that train together (from 0) {how} "
        f"{lines[-1]}; the others were ended. The same command goes on from the last whole epoch "
        f"({folder})"
    )


def _ask_other_machines(place: Path, options: PretrainingOptions) -> None:
    """Say how the processes of other machines are started, where SLURM does not."""
    if options.nodes > 1 and SLURM not in os.environ:
        logger.info(
            "waiting for the processes of %d other machines that see the same folders: on each, "
            "as K = 1..%d, run %s -m %s %s --node K",
            options.nodes - 1,
            options.nodes - 1,
            Path(sys.executable).name,
            WORKER,
            place,
        )


def _until(happened: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(LOOK / 2)
