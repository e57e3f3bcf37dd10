"""Nodes of the leaderboard."""

from __future__ import annotations

import logging

import pandas as pd

from pimc.evaluation.tasks import TASKS
from pimc.pipelines.leaderboard.options import LeaderboardOptions
from pimc.report.figure import Figure
from pimc.report.leaderboard.figure import draw_leaderboard
from pimc.report.leaderboard.markdown import markdown_blocks
from pimc.report.leaderboard.page import Provenance, render_page
from pimc.report.leaderboard.paired import paired_table
from pimc.report.leaderboard.published import read_published
from pimc.report.leaderboard.sections import not_run
from pimc.report.leaderboard.table import (
    TaskTables,
    leaderboard_table,
    run_command,
)

logger = logging.getLogger(__name__)


def rank_arms(
    task_tables: list[TaskTables],
    options: LeaderboardOptions,
    *metrics: dict[str, float],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The leaderboard, and the paired differences that answer its questions.

    Args:
        task_tables: of all workspaces.
        options: names of data sets.
        metrics: of tasks of the same run, which must have written their tables before.

    Raises:
        ValueError: if no task that takes part has been run.
    """
    shown = options.take_part(task_tables)
    _log_left_out(task_tables, shown)
    if not shown:
        commands = ", ".join(run_command(*key) for key in options.expected())
        if not commands:
            there = ", ".join(options.data_sets)
            raise ValueError(f"leaderboard.workspaces must be of {there}, got {options.workspaces}")
        raise ValueError(f"no task has left scores yet; run one of them: {commands}")
    # all of `shown` are described: `take_part` has asked
    known = {
        (each.workspace, each.task): data_set.split_by(each.split)
        for each in shown
        if (data_set := options.describe(each.workspace, each.task))
    }
    scores = leaderboard_table(shown, known, read_published())
    for (workspace, task), data_set in not_run(scores, options.expected()).items():
        name = TASKS[task].title.lower()
        logger.info("not run: %s on %s (%s)", name, data_set.name, run_command(workspace, task))
    return scores, paired_table(shown, known)


def _log_left_out(found: list[TaskTables], shown: list[TaskTables]) -> None:
    for each in found:
        if each not in shown:
            logger.info(
                "left out: %s in workspace %s, which leaderboard.data_sets does not describe or "
                "leaderboard.workspaces does not name",
                each.task,
                each.workspace,
            )


def draw_figure(scores: pd.DataFrame, paired: pd.DataFrame) -> Figure:
    """All tasks and data sets in one figure, published numbers beside them."""
    return draw_leaderboard(scores, paired)


def write_page(
    scores: pd.DataFrame,
    paired: pd.DataFrame,
    project: Provenance,
    options: LeaderboardOptions,
) -> str:
    """The page for people; it names the tasks that have not been run."""
    return render_page(scores, paired, not_run(scores, options.expected()), project)


def write_results(scores: pd.DataFrame, paired: pd.DataFrame) -> dict[str, str]:
    """Blocks of the docs' pages of results, by workspace and task."""
    return markdown_blocks(scores, paired)
