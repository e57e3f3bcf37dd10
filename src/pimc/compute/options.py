"""Where pieces of work run, as it stands in the parameters."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

THREADS, PROCESSES, SLURM = "threads", "processes", "slurm"

ADDRESS = re.compile(r"(tcp|tls|ucx|wss?)://[^\s:/]+:\d+", re.ASCII)
"""Of a scheduler of Dask."""

PACKAGES = {PROCESSES: ("distributed",), SLURM: ("distributed", "dask_jobqueue")}
"""What an engine needs; an address needs what processes do."""

WALLTIME = re.compile(r"(\d+-)?\d+(:\d\d){1,2}", re.ASCII)
MEMORY = re.compile(r"\d+(\.\d+)? ?[kMGT]i?B", re.ASCII)


@dataclass(frozen=True)
class SlurmOptions:
    """A job of SLURM. All else that a site asks for stands in dask-jobqueue's own configuration.

    Attributes:
        queue: partition; None takes the site's.
        cores: of a job; each is a worker.
        memory: of a job, all its workers together.
        walltime: of a job.
    """

    queue: str | None = None
    cores: int = 1
    memory: str = "4GB"
    walltime: str = "01:00:00"

    def __post_init__(self) -> None:
        """Check numbers and units."""
        if self.cores < 1:
            raise ValueError(f"slurm.cores must be at least 1, got {self.cores}")
        if not MEMORY.fullmatch(str(self.memory)):
            raise ValueError(f"slurm.memory must be a text as 4GB, got {self.memory!r}")
        if not WALLTIME.fullmatch(str(self.walltime)):
            # without quotes YAML reads 01:00:00 as 3600
            raise ValueError(
                f"slurm.walltime must be a text in quotes as '01:00:00', got {self.walltime!r}"
            )


@dataclass(frozen=True)
class ComputeOptions:
    """Where pieces of work run.

    Attributes:
        engine: ``threads`` (in this process, one after another), ``processes`` (on this machine),
            ``slurm``, or the address of a scheduler of Dask.
        workers: processes, or workers of all jobs of SLURM together; None takes as many processes
            as there are cores. An address has its own.
        slurm: of a job.
    """

    engine: str = THREADS
    workers: int | None = None
    slurm: SlurmOptions = field(default_factory=SlurmOptions)

    def __post_init__(self) -> None:
        """Build the options of SLURM where they come as a mapping; check the engine."""
        if isinstance(self.slurm, Mapping):
            object.__setattr__(self, "slurm", SlurmOptions(**self.slurm))
        named = self.engine in (THREADS, *PACKAGES)
        if not named and not ADDRESS.fullmatch(str(self.engine)):
            raise ValueError(
                f"compute must be {THREADS}, {PROCESSES}, {SLURM} or the address of a scheduler "
                f"as tcp://scheduler:8786, got {self.engine!r}"
            )
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")
        if self.engine == SLURM and self.workers is None:
            raise ValueError(
                f"compute={SLURM} needs a number of workers: --params=compute={SLURM},workers=8"
            )

    @property
    def here(self) -> bool:
        """Whether all is done in this process."""
        return self.engine == THREADS

    @property
    def processes(self) -> int:
        """Of this machine."""
        return self.workers or len(os.sched_getaffinity(0))

    def require_packages(self) -> None:
        """Refuse an engine that cannot run here.

        Raises:
            ModuleNotFoundError: with the command that installs what is missing.
        """
        needed = () if self.here else PACKAGES.get(self.engine, PACKAGES[PROCESSES])
        if absent := [name for name in needed if find_spec(name) is None]:
            raise ModuleNotFoundError(
                f"compute={self.engine} needs {' and '.join(absent)}, which is not installed: "
                'pip install -e ".[cluster]", or compute=threads'
            )
