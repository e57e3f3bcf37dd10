"""Options of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pimc.data.option_check import build_named, build_options
from pimc.evaluation.tasks import TASKS
from pimc.report.leaderboard.table import DataSet, TaskTables


@dataclass(frozen=True)
class LeaderboardOptions:
    """What the tasks of each workspace were run on, and which workspaces take part.

    Attributes:
        data_sets: by workspace and task, the fields of ``DataSet``. A workspace that is not here
            goes by its own name. A task that its workspace does not list was run on what another
            task that reads the same (series, or images) was run on; where there is none it is
            left out, because it would run on stand-in data there.
        workspaces: those that take part; None takes all that have tables.
    """

    data_sets: Mapping[str, Any]
    workspaces: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Build data sets that come as mappings; check the names of tasks."""
        built = {
            workspace: build_named(_data_sets, tasks, f"data_sets.{workspace}")
            for workspace, tasks in self.data_sets.items()
        }
        unknown = {task for tasks in built.values() for task in tasks} - set(TASKS)
        if unknown:
            raise ValueError(
                f"data_sets must be of the tasks {', '.join(TASKS)}, got {', '.join(unknown)}"
            )
        object.__setattr__(self, "data_sets", built)
        if isinstance(self.workspaces, str):
            raise ValueError(f"workspaces must be a list of names, got {self.workspaces!r}")
        if self.workspaces is not None:
            object.__setattr__(self, "workspaces", tuple(self.workspaces))

    def describe(self, workspace: str, task: str) -> DataSet | None:
        """What a task was run on; None where the workspace has no data of its own for it."""
        if workspace not in self.data_sets:
            return DataSet(f"{workspace} (nobody said what it is)")
        tasks: Mapping[str, DataSet] = self.data_sets[workspace]
        alike = (each for each in tasks if TASKS[each].series == TASKS[task].series)
        return tasks.get(task) or next((tasks[each] for each in alike), None)

    def take_part(self, tables: Sequence[TaskTables]) -> list[TaskTables]:
        """Tables that are shown, in the order of the tasks and then of ``data_sets``."""
        order = list(self.data_sets)
        shown = [
            each
            for each in tables
            if self.workspaces is None or each.workspace in self.workspaces
            if self.describe(each.workspace, each.task)
        ]
        return sorted(
            shown,
            key=lambda each: (
                list(TASKS).index(each.task),
                order.index(each.workspace) if each.workspace in order else len(order),
            ),
        )

    def expected(self) -> dict[tuple[str, str], DataSet]:
        """What could be shown, by workspace and task: all that is described and takes part."""
        return {
            (workspace, task): tasks[task]
            for task in TASKS
            for workspace, tasks in self.data_sets.items()
            if task in tasks and (self.workspaces is None or workspace in self.workspaces)
        }


def _data_sets(given: Mapping[str, Any]) -> dict[str, DataSet]:
    """Of the tasks of a workspace."""
    return {
        task: each if isinstance(each, DataSet) else build_options(DataSet, each, task)
        for task, each in given.items()
    }
