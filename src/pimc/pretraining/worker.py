"""One of several processes that train together: the training alone, without Kedro.

``pimc.pretraining.launch`` starts them on one machine, and by ``srun`` within a SLURM job. On
machines without SLURM those of machine 1, 2 ... are started by
``python -m pimc.pretraining.worker FOLDER --node 1``.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from torch import distributed
from torch.distributed import Store  # type: ignore[attr-defined]

from pimc.data.atomic import replacing
from pimc.pretraining.devices import check_devices
from pimc.pretraining.fitting import train_here
from pimc.pretraining.job import TrainingJob, read_job
from pimc.pretraining.launch import OUTCOME, commands, find_failures, running, watch
from pimc.pretraining.messages import (
    GATHER,
    Failure,
    Sender,
    SentRecords,
    connect,
    leave_with,
    report,
)
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.preparation import prepare
from pimc.training.shares import Share

RANKS = ("RANK", "SLURM_PROCID")
"""Where the number of a process stands: set by ``pimc.pretraining.launch``, and by SLURM."""


def main(words: list[str] | None = None) -> int:
    """Train, or start the processes of another machine; the status of the process."""
    parser = argparse.ArgumentParser(prog="python -m pimc.pretraining.worker")
    parser.add_argument("folder", type=Path, help="of the job, as the run that waits has said it")
    parser.add_argument(
        "--node", type=int, help="start all processes of the machine of this number"
    )
    given = parser.parse_args(words)
    if given.node is not None:
        return join(given.folder, given.node)
    return work(given.folder, find_process(os.environ))


def find_process(environment: Mapping[str, str]) -> int:
    """The number of this process.

    Raises:
        ValueError: if nobody has numbered it.
    """
    for name in RANKS:
        if name in environment:
            return int(environment[name])
    raise ValueError(
        f"expected the number of this process in {' or '.join(RANKS)}: start it by srun, "
        "or all processes of a machine by --node"
    )


def join(folder: Path, node: int) -> int:
    """Start the processes of a machine and wait for their end."""
    job, meeting, _ = read_job(folder)
    options = job.options
    if not 1 <= node < options.nodes:
        raise ValueError(f"--node must be 1..{options.nodes - 1} of this training, got {node}")
    check_devices(options)
    store = connect(meeting)
    with running(commands(folder, options, os.environ, node), store) as processes:
        watch(processes)
        failures = find_failures(processes, node * options.devices)
        for failure in failures:
            with suppress(RuntimeError):  # the run that waits may be gone
                report(store, failure)
    return int(bool(failures))


def work(folder: Path, process: int) -> int:
    """Train the share of one process."""
    job, meeting, resume = read_job(folder)
    done, store = leave_with(meeting), connect(meeting)
    try:
        _train(job, Share(process, job.options.processes), store, folder, resume)
        distributed.barrier()
    except BaseException:
        report(store, Failure(process, traceback.format_exc()))
        os._exit(1)  # threads of a group that is broken would be waited for
    done.set()
    distributed.destroy_process_group()
    return 0


def _train(job: TrainingJob, share: Share, store: Store, folder: Path, resume: Path | None) -> None:
    """Train; the first process says how far it is, and leaves what it has recorded."""
    logs, sender, first = logging.getLogger("pimc"), Sender(store), share.process == 0
    logs.addHandler(logging.NullHandler())  # all that comes now was said where this was started
    prepared = prepare(job, share)
    _join_group(job.options, share, store)
    if first:
        logs.addHandler(SentRecords(sender))
        logs.setLevel(logging.INFO)
    else:
        warnings.simplefilter("ignore")
    record, best = train_here(prepared, folder.parent, resume, sender.metrics)
    if first:
        with replacing(folder / OUTCOME) as temporary:
            torch.save({"record": record.state_dict(), "best": best.state_dict()}, temporary)


def _join_group(options: PretrainingOptions, share: Share, store: Store) -> None:
    """Meet the other processes, on this one's GPU where it trains on one."""
    node, device = divmod(share.process, options.devices)
    # which Lightning reads
    os.environ.update(NODE_RANK=str(node), LOCAL_RANK=str(device))
    if options.accelerator == "cpu" or not torch.cuda.is_available():
        backend, place = "gloo", None
    else:
        backend, place = "nccl", torch.device("cuda", device)
        torch.cuda.set_device(place)
    distributed.init_process_group(
        backend,
        store=store,
        rank=share.process,
        world_size=share.processes,
        timeout=GATHER,
        device_id=place,
    )


if __name__ == "__main__":
    sys.exit(main())
