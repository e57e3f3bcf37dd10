"""The leaderboard, sorted for people: a section a task and data set, a ranking a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pimc.evaluation.tasks import TASKS
from pimc.report.leaderboard.paired import CHOSEN, PRETRAINING, TOGETHER
from pimc.report.leaderboard.score_text import count
from pimc.report.leaderboard.table import PUBLISHED_ROLE, DataSet, run_command, shown_scores

ASIDE = ("trivial", "control")
"""Roles that are there to be beaten, and do not set the scale of a figure."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Arms of one task, data set, unit and label budget, best first.

    Attributes:
        unit: what is scored.
        budget: of labels.
        arms: one row an arm: the columns of the leaderboard for the score that ranks.
        scores: names of all scores that are shown, that which ranks first.
        values: arms x scores.
        paired: rows of the table of paired differences.
        published: numbers of others on these data, at this budget, by the score that ranks, best
            first.
    """

    unit: str
    budget: str
    arms: pd.DataFrame
    scores: tuple[str, ...]
    values: np.ndarray
    paired: pd.DataFrame
    published: pd.DataFrame

    @property
    def pretraining(self) -> pd.DataFrame:
        """Whether pretraining helps, by the score that ranks: a row a pair of arms."""
        return self._asked(PRETRAINING)

    @property
    def together(self) -> pd.DataFrame:
        """Whether the other encoder helps, likewise."""
        return self._asked(TOGETHER)

    @property
    def beaten(self) -> pd.DataFrame:
        """The chosen arm less each reference, in all scores: a row a reference and score."""
        return self.paired[self.paired["question"] == CHOSEN]

    @property
    def chosen(self) -> pd.Series:
        """The arm that validation chose."""
        row: pd.Series = self.arms[self.arms["chosen"].astype(bool)].iloc[0]
        return row

    def _asked(self, question: str) -> pd.DataFrame:
        rows = self.paired[self.paired["question"] == question]
        return rows[rows["score"] == self.scores[0]]

    @property
    def runs(self) -> str:
        """Numbers of training samples, seeds and rotations, in words."""
        few, seeds = int(self.arms["seeds"].min()), int(self.arms["seeds"].max())
        rotations = int(self.arms["rotations"].max())
        parts = [
            f"{count(float(self.arms['train_samples'].max()))} training samples",
            # an arm without chance runs once
            f"{few} to {seeds} seeds" if few < seeds else f"{seeds} seed{'s'[: seeds > 1]}",
            f"{rotations} rotations of the folds" if rotations > 1 else "",
        ]
        return ", ".join(part for part in parts if part)

    @property
    def span(self) -> tuple[float, float]:
        """Range of a scale: intervals of the arms that are no mere baselines, and a margin."""
        serious = self.arms[~self.arms["role"].isin(ASIDE)]
        rows = serious if len(serious) else self.arms
        # where there is one test patch alone, values have no interval
        low = float(np.nanmin(rows[["low", "value"]].to_numpy(float)))
        high = float(np.nanmax(rows[["high", "value"]].to_numpy(float)))
        margin = 0.04 * (high - low) or 0.5
        return max(low - margin, 0.0), high + margin  # no score is negative


@dataclass(frozen=True, eq=False)
class Section:
    """All that is known of a task on a data set.

    Attributes:
        workspace: of the environment in which the task ran.
        task: name.
        data_set: what it ran on.
        effort: how much of the protocol was run; "" where the tables do not say.
        split: the set of lists that images were split by.
        scored_on: day of the scores.
        rankings: the one with fewest labels first, which is what pretraining is for.
    """

    workspace: str
    task: str
    data_set: DataSet
    effort: str
    split: str
    scored_on: str
    rankings: tuple[Ranking, ...]

    @property
    def name(self) -> str:
        """Of its block in a page."""
        return f"{self.workspace}.{self.task}"

    @property
    def command(self) -> str:
        """That makes its numbers."""
        return run_command(self.workspace, self.task, self.effort, self.split)

    @property
    def samples(self) -> str:
        """Numbers of training samples (with most labels), of test samples and of runs, in words."""
        unit = self.rankings[0].unit
        most = [each for each in self.rankings if each.unit == unit][-1]
        counted = TASKS[self.task].counted or f"{unit}s"
        tested = count(float(most.arms["test_samples"].max()))
        return f"{most.runs}; {tested} test {counted}" if tested else most.runs


def split_sections(scores: pd.DataFrame, paired: pd.DataFrame) -> list[Section]:
    """Sections of a leaderboard in its order.

    Args:
        scores: ``pimc.report.leaderboard.table.leaderboard_table``.
        paired: ``pimc.report.leaderboard.paired.paired_table``.
    """
    published = scores["role"] == PUBLISHED_ROLE
    ours, others = scores[~published], scores[published]
    sections = []
    for (workspace, task), rows in ours.groupby(["workspace", "task"], sort=False):
        there = (paired["workspace"] == workspace) & (paired["task"] == task)
        first = rows.iloc[0]
        simulated = bool(first["simulated"]) if pd.notna(first["simulated"]) else None
        alike = (others["task"] == task) & (others["data_set"] == first["data_set"])
        rankings = [
            _rank(group, str(task), paired[there], others[alike])
            for _, group in rows.groupby(["unit", "budget"], sort=False)
        ]
        sections.append(
            Section(
                str(workspace),
                str(task),
                DataSet(str(first["data_set"]), simulated),
                str(first["effort"]) if pd.notna(first["effort"]) else "",
                str(first["split"]),
                str(first["scored_on"]),
                _fewest_labels_first(rankings),
            )
        )
    return sections


def _rank(rows: pd.DataFrame, task: str, paired: pd.DataFrame, published: pd.DataFrame) -> Ranking:
    names = shown_scores(task, rows["score"])
    unit, budget = rows["unit"].iloc[0], rows["budget"].iloc[0]
    arms = best_first(rows[rows["score"] == names[0]], task)
    others = published[(published["budget"] == budget) & (published["score"] == names[0])]
    values = rows.pivot_table(index="arm", columns="score", values="value", dropna=False)
    there = (paired["unit"] == unit) & (paired["budget"] == budget)
    return Ranking(
        str(unit),
        str(budget),
        arms.reset_index(drop=True),
        tuple(names),
        values.loc[arms["arm"], names].to_numpy(),
        paired[there],
        best_first(others, task),
    )


def best_first(rows: pd.DataFrame, task: str) -> pd.DataFrame:
    """Rows of one score in the order of their values."""
    return rows.sort_values("value", ascending=TASKS[task].lower_is_better, kind="stable")


def _fewest_labels_first(rankings: list[Ranking]) -> tuple[Ranking, ...]:
    """Units in their order; of each the budget with fewest labels first."""
    units = list(dict.fromkeys(each.unit for each in rankings))
    return tuple(
        sorted(
            rankings,
            key=lambda each: (units.index(each.unit), float(each.arms["train_samples"].max())),
        )
    )


def not_run(
    scores: pd.DataFrame, expected: Mapping[tuple[str, str], DataSet]
) -> dict[tuple[str, str], DataSet]:
    """Tasks and data sets, of those expected, that the leaderboard lacks."""
    pairs = scores[["workspace", "task"]].dropna().drop_duplicates()
    there = set(pairs.itertuples(index=False, name=None))
    return {key: data_set for key, data_set in expected.items() if key not in there}
