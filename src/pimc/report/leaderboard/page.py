"""The leaderboard as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pimc.evaluation.tasks import TASKS
from pimc.report.leaderboard.score_text import (
    HELP,
    budget_name,
    duration,
    score_name,
    show,
    show_difference,
    show_interval,
    show_published,
    unit_name,
)
from pimc.report.leaderboard.sections import Ranking, Section, split_sections
from pimc.report.leaderboard.table import PUBLISHED_ROLE, DataSet, run_command

SCALE = 160
"""Width of the drawing of an interval, in units of its viewBox."""


@dataclass(frozen=True)
class Provenance:
    """What made a page: version of the package, commit ("" where unknown), day (ISO)."""

    version: str
    commit: str
    day: str

    @property
    def short_commit(self) -> str:
        """The first 12 digits, with what follows the digits, such as ``-dirty``."""
        digits, dash, state = self.commit.partition("-")
        return digits[:12] + dash + state


@dataclass(frozen=True)
class Whisker:
    """An interval on a scale of 0..``SCALE``, cut at its ends.

    Attributes:
        low: end of the interval.
        high: other end.
        value: the dot; None where it lies outside.
        beyond: ``left`` or ``right`` where it lies outside, otherwise "".
    """

    low: float
    high: float
    value: float | None
    beyond: str


def place_whisker(low: float, high: float, value: float, span: tuple[float, float]) -> Whisker:
    """Where an interval lies on the scale that shows ``span``."""
    start, width = span[0], span[1] - span[0]
    ends = np.clip((np.array([low, high]) - start) / width, 0, 1) * SCALE
    dot = (value - start) / width * SCALE
    beyond = "left" if dot < 0 else "right" if dot > SCALE else ""
    return Whisker(
        round(float(ends[0]), 1),
        round(float(ends[1]), 1),
        None if beyond else round(dot, 1),
        beyond,
    )


def render_page(
    scores: pd.DataFrame,
    paired: pd.DataFrame,
    absent: Mapping[tuple[str, str], DataSet],
    provenance: Provenance,
) -> str:
    """The page.

    Args:
        scores: ``pimc.report.leaderboard.table.leaderboard_table``.
        paired: ``pimc.report.leaderboard.paired.paired_table``.
        absent: tasks that could have been run and were not, by workspace and task.
        provenance: what made it.

    Returns:
        HTML with its styles and drawings inside; everything from the tables is escaped.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pimc.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sections = split_sections(scores, paired)
    page: str = environment.get_template("leaderboard.html").render(
        provenance=provenance,
        scale=SCALE,
        tasks=[
            {
                "name": name,
                "title": task.title,
                "sections": [_section(each) for each in sections if each.task == name],
                "published": _published(scores, name),
            }
            for name, task in TASKS.items()
        ],
        absent=[
            {
                "task": TASKS[task].title,
                "data_set": data_set.name,
                "command": run_command(workspace, task),
            }
            for (workspace, task), data_set in absent.items()
        ],
    )
    return page.strip() + "\n"


def _section(section: Section) -> dict[str, Any]:
    first = section.rankings[0]
    score = first.scores[0]
    trivial = first.arms[first.arms["role"] == "trivial"]
    return {
        "anchor": section.name.replace(".", "-"),
        "task": TASKS[section.task].title,
        "data_set": section.data_set.name,
        "simulated": section.data_set.simulated,
        "samples": section.samples,
        "drawn": TASKS[section.task].drawn,
        "command": section.command,
        "scored_on": section.scored_on,
        "score": score_name(score),
        "chosen": _scored(first.chosen, score),
        "trivial": _scored(trivial.iloc[0], score) if len(trivial) else None,
        "verdicts": [_verdict(row) for _, row in first.pretraining.iterrows()],
        "pretrained": bool((first.arms["role"] == "pretrained").any()),
        "rankings": [_ranking(each) for each in section.rankings],
    }


def _scored(row: pd.Series, score: str) -> dict[str, str]:
    return {
        "arm": row["arm"],
        "value": show(score, row["value"]),
        "interval": show_interval(score, row["low"], row["high"]),
    }


def _verdict(row: pd.Series) -> dict[str, str]:
    score = row["score"]
    return {
        "arm": row["arm"],
        "reference": row["reference"],
        "verdict": HELP[row["verdict"]],
        "difference": show_difference(score, row["difference"]),
        "interval": show_interval(score, row["low"], row["high"], signed=True),
    }


def _cell(row: pd.Series) -> dict[str, str]:
    score = row["score"]
    return {
        "verdict": row["verdict"],
        "difference": show_difference(score, row["difference"]),
        "interval": show_interval(score, row["low"], row["high"], signed=True),
    }


def _ranking(ranking: Ranking) -> dict[str, Any]:
    score, arms = ranking.scores[0], ranking.arms
    references = arms["reference"].dropna()
    return {
        "title": f"{unit_name(ranking.unit)}, {budget_name(ranking.budget)}",
        "runs": ranking.runs,
        "scores": [score_name(name) for name in ranking.scores],
        "reference": references.iloc[0] if len(references) else None,
        "span": [show(score, end) for end in ranking.span],
        "verdicts": [_verdict(row) for _, row in ranking.pretraining.iterrows()],
        # with all labels there are many: the table below the sections has them
        "published": [] if ranking.budget == "all" else _beside(ranking.published),
        "together": [_verdict(row) for _, row in ranking.together.iterrows()],
        "chosen": ranking.chosen["arm"],
        "beaten": [
            {"reference": reference, "cells": [_cell(row) for _, row in rows.iterrows()]}
            for reference, rows in ranking.beaten.groupby("reference", sort=False)
        ],
        "arms": [
            _arm(row, ranking, values)
            for (_, row), values in zip(arms.iterrows(), ranking.values, strict=True)
        ],
    }


def _arm(row: pd.Series, ranking: Ranking, values: np.ndarray) -> dict[str, Any]:
    score = ranking.scores[0]
    return {
        **_scored(row, score),
        "role": row["role"],
        "pretraining": row["pretraining"],
        "chosen": bool(row["chosen"]),
        "whisker": place_whisker(row["low"], row["high"], row["value"], ranking.span),
        "others": [
            show(name, value) for name, value in zip(ranking.scores[1:], values[1:], strict=True)
        ],
        "difference": show_difference(score, row["difference"]),
        "difference_interval": show_interval(
            score, row["difference_low"], row["difference_high"], signed=True
        ),
        "runs": f"{row['seeds'] * row['rotations']:.0f} × {duration(row['seconds'])}",
    }


def _beside(published: pd.DataFrame) -> list[dict[str, str]]:
    """Published numbers of one score, data set and budget."""
    return [{"arm": row["arm"], "value": _number(row)} for row in published.to_dict("records")]


def _published(scores: pd.DataFrame, task: str) -> list[dict[Hashable, Any]]:
    """Published numbers of a task, one entry a method and data set of one protocol."""
    rows = scores[(scores["role"] == PUBLISHED_ROLE) & (scores["task"] == task)]
    entries = []
    one = ["arm", "data_set", "source", "protocol", "caveat"]
    for _, group in rows.groupby(one, sort=False):
        records = group.to_dict("records")
        texts = [
            f"{score_name(row['score'])}: {_number(row)}"
            + ("" if row["budget"] == "all" else f" with {budget_name(row['budget'])}")
            for row in records
        ]
        entries.append({**records[0], "scores": texts})
    return entries


def _number(row: Mapping[Hashable, Any]) -> str:
    return show_published(row["score"], row["value"], row["low"], row["high"])
