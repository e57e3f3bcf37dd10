"""The leaderboard as one figure: a row of panels a task, a panel a data set."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pimc.evaluation.kinds import BACKBONE, PEER
from pimc.evaluation.tasks import TASKS
from pimc.report.leaderboard.score_text import (
    SHARES,
    budget_name,
    score_name,
    show,
    show_published,
    unit_name,
)
from pimc.report.leaderboard.sections import Ranking, Section, best_first, split_sections
from pimc.report.leaderboard.table import PUBLISHED_ROLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

COLOURS = {
    "pretrained": "#1f6f54",
    "first weights": "#4a6fa5",
    BACKBONE: "#8a4f7d",
    PEER: "#0f7c8a",
    "baseline": "#5c6066",
    "trivial": "#a9adb0",
    "control": "#a9adb0",
    PUBLISHED_ROLE: "#9a6a00",
}


def draw_leaderboard(scores: pd.DataFrame, paired: pd.DataFrame) -> Figure:
    """Arms with fewest labels by the score that ranks; published numbers in panels of their own.

    Args:
        scores: ``pimc.report.leaderboard.table.leaderboard_table``.
        paired: ``pimc.report.leaderboard.paired.paired_table``.
    """
    from matplotlib.figure import Figure

    sections = split_sections(scores, paired)
    tasks = [task for task in TASKS if any(each.task == task for each in sections)]
    rows = [[each for each in sections if each.task == task] for task in tasks]
    columns = max(len(row) for row in rows) + 1
    others = [_published_rows(scores, task, row) for task, row in zip(tasks, rows, strict=True)]
    lengths = [
        max(len(published), *(len(each.rankings[0].arms) for each in row))
        for published, row in zip(others, rows, strict=True)
    ]
    height = 0.22 * sum(lengths) + 0.9 * len(rows) + 0.4
    figure = Figure(figsize=(5.2 * columns, height), layout="constrained")
    panels = figure.subplots(
        len(rows), columns, squeeze=False, height_ratios=[length + 3 for length in lengths]
    )
    for row, published, line, length in zip(rows, others, panels, lengths, strict=True):
        for panel in line:
            panel.set_axis_off()
            panel.set_ylim(length - 0.4, -0.6)  # rows of all panels side by side are level
        for section, panel in zip(row, line, strict=False):
            _draw_section(panel, section)
        if len(published):
            _draw_published(line[-1], published)
    figure.legend(
        handles=_handles(set(scores["role"])),
        loc="outside lower center",
        ncols=8,
        fontsize=8,
        frameon=False,
    )
    return figure


def _draw_section(panel: Axes, section: Section) -> None:
    ranking = section.rankings[0]
    # the name of simulated data says so
    title = f"{TASKS[section.task].title}: {section.data_set.name}"
    what = f"{unit_name(ranking.unit)}, {budget_name(ranking.budget)}"
    _style(panel, f"{title}\n{what}", list(ranking.arms["arm"]), ranking.scores[0])
    panel.set_xlim(*ranking.span)
    for place, row in enumerate(ranking.arms.to_dict("records")):
        _draw_arm(panel, place, row, ranking)


def _draw_arm(panel: Axes, place: int, row: Mapping[Hashable, Any], ranking: Ranking) -> None:
    (low, high), value, colour = ranking.span, row["value"], COLOURS[row["role"]]
    if low <= value <= high:
        ends = [row["low"], row["high"]]
        panel.plot(ends, [place, place], color=colour, linewidth=1.6, solid_capstyle="butt")
        face = "white" if row["chosen"] else colour
        panel.plot(value, place, "o", color=colour, markerfacecolor=face, markersize=5.5)
    else:  # a baseline far off would squeeze all others
        left = value < low
        panel.plot(low if left else high, place, "<" if left else ">", color=colour, clip_on=False)
    _write(panel, place, show(ranking.scores[0], value), row["chosen"])


def _published_rows(scores: pd.DataFrame, task: str, sections: Sequence[Section]) -> pd.DataFrame:
    """Published numbers with all labels of the first score of a task that has any, best first.

    They are of the data sets of the sections; where nobody published any of these, of the first.
    """
    rows = scores[(scores["role"] == PUBLISHED_ROLE) & (scores["task"] == task)]
    rows = rows[rows["budget"] == "all"]
    if rows.empty:
        return rows
    run = rows["data_set"].isin([each.data_set.name for each in sections])
    rows = rows[run if run.any() else rows["data_set"] == rows["data_set"].iloc[0]]
    return best_first(rows[rows["score"] == rows["score"].iloc[0]], task)


def _draw_published(panel: Axes, rows: pd.DataFrame) -> None:
    score, colour = str(rows["score"].iloc[0]), COLOURS[PUBLISHED_ROLE]
    records, data = rows.to_dict("records"), list(dict.fromkeys(rows["data_set"]))
    names = [
        row["arm"] if len(data) == 1 else f"{row['arm']} ({row['data_set']})" for row in records
    ]
    title = f"Published, {'; '.join(data)}\nall labels; data or protocol differ from ours"
    _style(panel, title, names, score)
    for place, row in enumerate(records):
        if np.isfinite(row["low"]):
            panel.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.6)
        else:
            panel.plot(row["value"], place, "D", color=colour, markerfacecolor="none", markersize=5)
        _write(panel, place, show_published(score, row["value"], row["low"], row["high"]))


def _style(panel: Axes, title: str, names: Sequence[str], score: str) -> None:
    panel.set_axis_on()
    panel.set_title(title, fontsize=9, loc="left")
    panel.set_yticks(range(len(names)), names, fontsize=8)
    panel.tick_params(axis="x", labelsize=7)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", alpha=0.25)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.set_xlabel(score_name(score), fontsize=8)
    if score in SHARES:
        panel.xaxis.set_major_formatter(lambda share, _: f"{round(100 * share, 2):g}")


def _write(panel: Axes, place: int, text: str, bold: bool = False) -> None:
    """The value at the right of its row."""
    from matplotlib.transforms import blended_transform_factory

    where = blended_transform_factory(panel.transAxes, panel.transData)
    weight = "bold" if bold else "normal"
    panel.text(1.04, place, text, transform=where, va="center", fontsize=7, weight=weight)


def _handles(roles: Collection[str]) -> list[Line2D]:
    from matplotlib.lines import Line2D

    def mark(colour: str, label: str, marker: str = "o", hollow: bool = False) -> Line2D:
        face = "none" if hollow else colour
        return Line2D(
            [], [], linestyle="", color=colour, marker=marker, markerfacecolor=face, label=label
        )

    return [
        *(mark(COLOURS[role], role) for role in ("pretrained", "first weights", "baseline")),
        *(mark(COLOURS[role], role) for role in (BACKBONE, PEER) if role in roles),
        mark(COLOURS["trivial"], "trivial, control"),
        mark("black", "chosen on validation", hollow=True),
        mark(COLOURS[PUBLISHED_ROLE], "published", "D", hollow=True),
        mark(COLOURS["trivial"], "beyond the scale", "<"),
        Line2D([], [], color="black", label="95 % interval"),
    ]
