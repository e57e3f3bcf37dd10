"""Score tables of the tasks, gathered from all workspaces that have any."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from pimc.catalog.read_only import ReadOnly
from pimc.evaluation.tasks import TASKS
from pimc.report.leaderboard.table import TaskTables

COUNTS = ("class_scores", "leads")
"""Tables that count test samples; a task has one of them."""


class TaskTablesFolder(ReadOnly[list[TaskTables]]):
    """Tables ``<path>/<workspace>/<task>.scores.csv`` and those beside them.

    A task that has not been run in a workspace is not in the list: that is no error.
    """

    because = "a folder of tables, which the tasks write"

    def __init__(self, path: str, metadata: dict[str, Any] | None = None):
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> list[TaskTables]:
        """All tables, in the order of the tasks, then of the workspaces' names."""
        found = [
            (task, scores.parent)
            for task in TASKS
            for scores in sorted(self._path.glob(f"*/{task}.scores.csv"))
        ]
        return [read_task_tables(folder, task) for task, folder in found]

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def read_task_tables(folder: Path, task: str) -> TaskTables:
    """Read the tables of a task.

    Args:
        folder: a workspace's.
        task: name.

    Raises:
        FileNotFoundError: if there are scores and no differences.
    """
    scores = folder / f"{task}.scores.csv"
    beside = (folder / f"{task}.{name}.csv" for name in COUNTS)
    counts = next((path for path in beside if path.exists()), None)
    return TaskTables(
        workspace=folder.name,
        task=task,
        scores=pd.read_csv(scores),
        differences=pd.read_csv(folder / f"{task}.differences.csv"),
        counts=None if counts is None else pd.read_csv(counts),
        scored_on=date.fromtimestamp(scores.stat().st_mtime).isoformat(),
    )
