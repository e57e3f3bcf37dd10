"""One run at a time writes in a workspace, and finds nothing there of runs that were killed."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from pimc.data.file_name import file_name
from pimc.hooks.datasets import local_path

if TYPE_CHECKING:
    from filelock import FileLock

logger = logging.getLogger(__name__)


class WorkspaceLock:
    """Lets a run that writes wait until no other does: they would remove each other's samples.

    The system frees the lock of a process that was killed.
    """

    def __init__(self) -> None:
        self._data, self._workspace = Path(), ""
        self._lock: FileLock | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """See where the environment's data lie."""
        self._data = context.project_path / "data"
        self._workspace = context.config_loader["globals"]["workspace"]

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Take the lock, then remove what killed runs have left half written."""
        written = (catalog.get(name) for name in pipeline.all_outputs())
        if not any(dataset and local_path(dataset) for dataset in written):
            return
        if self._lock is None:  # else of a run of this process that was interrupted
            self._lock = hold(self._data / f".{file_name(self._workspace)}.lock", self._workspace)
        for folder in self._data.glob(f"*/{self._workspace}"):
            remove_leftovers(folder)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Let others write."""
        self._release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Let others write."""
        self._release()

    def _release(self) -> None:
        if self._lock:
            self._lock.release()
        self._lock = None


def hold(path: Path, workspace: str) -> FileLock:
    """A lock that is held; waits while another process holds it, and says so."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        logger.warning("another run writes in workspace %s: waiting until it has ended", workspace)
        lock.acquire()
    return lock


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files and folders of processes that are no more."""
    for path in folder.rglob(".*.tmp"):
        process = path.suffixes[-2].removeprefix(".") if len(path.suffixes) > 1 else ""
        if not process.isdigit() or is_alive(int(process)):
            continue
        logger.info("removing %s, which a killed run has left", path)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Whether there is a process of that number on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        pass
    return True
