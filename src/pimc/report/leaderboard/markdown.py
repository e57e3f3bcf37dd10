"""The leaderboard as blocks of Markdown: one a task and data set."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import pandas as pd

from pimc.report.leaderboard.score_text import (
    HELP,
    budget_name,
    score_name,
    show,
    show_difference,
    show_interval,
    unit_name,
)
from pimc.report.leaderboard.sections import Ranking, Section, split_sections

ENCODER = {"none": "", "inductive": "other ground", "transductive": "test ground"}
WIDTH = 100
"""Columns of a line of text; tables and commands are as long as they are."""


def markdown_blocks(scores: pd.DataFrame, paired: pd.DataFrame) -> dict[str, str]:
    """Tables and verdicts by ``<workspace>.<task>``, each with the command that made its numbers.

    Args:
        scores: ``pimc.report.leaderboard.table.leaderboard_table``.
        paired: ``pimc.report.leaderboard.paired.paired_table``.
    """
    return {each.name: _block(each) for each in split_sections(scores, paired)}


def _block(section: Section) -> str:
    first = section.rankings[0].unit
    shown = [each for each in section.rankings if each.unit == first]
    simulated = " **Simulated data.**" if section.data_set.simulated else ""
    head = f"{section.data_set.name}, {section.scored_on}.{simulated} {section.samples}."
    parts = [f"```bash\n{section.command}\n```", textwrap.fill(head, WIDTH)]
    return "\n\n".join([*parts, *(_ranking(each) for each in shown)])


def _ranking(ranking: Ranking) -> str:
    score = ranking.scores[0]
    heads = ["arm", "is", "encoder saw", *(score_name(name) for name in ranking.scores)]
    heads.insert(4, "95 % interval")
    rows = [
        [
            f"**{row['arm']}** (chosen)" if row["chosen"] else row["arm"],
            row["role"],
            ENCODER.get(row["pretraining"], row["pretraining"]),
            show(score, row["value"]),
            show_interval(score, row["low"], row["high"]),
            *(show(n, v) for n, v in zip(ranking.scores[1:], values[1:], strict=True)),
        ]
        for (_, row), values in zip(ranking.arms.iterrows(), ranking.values, strict=True)
    ]
    title = f"{unit_name(ranking.unit)}, {budget_name(ranking.budget)}:"
    parts = [title[:1].upper() + title[1:], _table(heads, rows), _beaten(ranking)]
    return "\n\n".join([*(part for part in parts if part), _verdicts(ranking)])


def _beaten(ranking: Ranking) -> str:
    """The chosen arm less each reference."""
    rows = [
        [str(reference), *(_difference(row) for _, row in group.iterrows())]
        for reference, group in ranking.beaten.groupby("reference", sort=False)
    ]
    if not rows:
        return ""
    heads = [f"{ranking.chosen['arm']} less", *(score_name(name) for name in ranking.scores)]
    return _table(heads, rows)


def _difference(row: pd.Series) -> str:
    parts = (
        show_difference(row["score"], row["difference"]),
        show_interval(row["score"], row["low"], row["high"], signed=True),
    )
    return " ".join(part for part in parts if part)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_escape(cell) for cell in line) + " |" for line in lines)


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def _verdicts(ranking: Ranking) -> str:
    asked = "Does pretraining help?"
    of_pretraining = _answer(asked, ranking.pretraining) or f"{asked} No pair of arms was run."
    of_both = _answer("Does the other encoder help?", ranking.together)
    return "\n\n".join(part for part in (of_pretraining, of_both) if part)


def _answer(question: str, pairs: pd.DataFrame) -> str:
    told = [
        f"- `{row['arm']}` less `{row['reference']}` {_difference(row)}".rstrip()
        + f": {HELP[row['verdict']]}"
        for _, row in pairs.iterrows()
    ]
    return "\n".join([question, "", *told]) if told else ""
