"""Paired differences that answer a question: does pretraining help, what does the chosen arm beat.

An arm is compared with another on the same test samples, with the interval that the task gave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from pimc.evaluation.kinds import INPUTS, PRETRAINED
from pimc.evaluation.tasks import TASKS
from pimc.report.leaderboard.table import DataSet, TaskTables, arm_role, shown_scores

PRETRAINING, TOGETHER, CHOSEN = "pretraining", "together", "chosen"
"""Questions: a pretrained arm less the same kind of arm with first weights; an arm that reads both
pretrained encoders less the same kind of arm that reads one of them; the arm that validation chose
less each reference of its task."""

COLUMNS = (
    *("data_set", "simulated", "task", "unit", "budget", "question", "score", "arm", "reference"),
    *("difference", "low", "high", "verdict", "workspace"),
)


def paired_table(
    tables: Sequence[TaskTables], data_sets: Mapping[tuple[str, str], DataSet]
) -> pd.DataFrame:
    """Answers for each task, data set, unit and label budget.

    Returns:
        ``COLUMNS``; ``verdict`` is ``better``, ``not better``, ``undecided``, or ``not compared``
        where the task took no difference of the two.
    """
    rows = []
    for each in tables:
        data_set = data_sets[each.workspace, each.task]
        facts = {"data_set": data_set.name, "simulated": data_set.simulated, "task": each.task}
        rows += [{**facts, **row, "workspace": each.workspace} for row in _answers(each)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _answers(tables: TaskTables) -> Iterator[dict[str, object]]:
    task, differences = TASKS[tables.task], tables.differences
    names = shown_scores(tables.task, tables.scores["score"])
    arms = tables.scores[tables.scores["score"] == names[0]]
    for (unit, budget), group in arms.groupby([task.division, "budget"], sort=False):
        there = differences[
            (differences[task.division] == unit) & (differences["budget"] == budget)
        ]
        questions = {
            PRETRAINING: counterparts(group),
            TOGETHER: parts_alone(group),
            CHOSEN: _references(group, there),
        }
        for question, pairs in questions.items():
            for arm, reference in pairs:
                for score in names:
                    difference, low, high = _find(there, score, arm, reference)
                    yield {
                        "unit": unit,
                        "budget": budget,
                        "question": question,
                        "score": score,
                        "arm": arm,
                        "reference": reference,
                        "difference": difference,
                        "low": low,
                        "high": high,
                        "verdict": verdict(low, high, task.lower_is_better),
                    }


def counterparts(arms: pd.DataFrame) -> list[tuple[str, str]]:
    """Arms that read a pretrained encoder, and those of the same kind with first weights.

    Args:
        arms: columns arm, kind, input, one row an arm; where there is a column ``design``, what
            the encoders are built as, arms of one design are compared.
    """
    source = arms["input"].fillna("").astype(str)
    roles = [arm_role(kind, given) for kind, given in zip(arms["kind"], source, strict=True)]
    known = arms.assign(input=source, role=roles)
    left = known[known["role"] == "pretrained"].copy()
    left["input"] = left["input"].str.replace("pretrained", "random", n=1)
    right = known[known["role"] == "first weights"]
    same = ["kind", "input", *(["design"] if "design" in arms else [])]
    pairs = left.merge(right, on=same, suffixes=("", "_other"))
    return list(zip(pairs["arm"], pairs["arm_other"], strict=True))


def parts_alone(arms: pd.DataFrame) -> list[tuple[str, str]]:
    """Arms that read both pretrained encoders, and those of the same kind that read one of them.

    Args:
        arms: columns arm, kind, input, one row an arm.
    """
    known = [
        (str(arm), kind, INPUTS[source])
        for arm, kind, source in zip(arms["arm"], arms["kind"], arms["input"], strict=True)
        if source in INPUTS
    ]
    return [
        (arm, other)
        for arm, kind, source in known
        if source.encoder == source.crops == PRETRAINED
        for other, other_kind, part in known
        if other_kind == kind
        and part in (replace(source, crops=None), replace(source, encoder=None))
    ]


def _references(arms: pd.DataFrame, differences: pd.DataFrame) -> list[tuple[str, str]]:
    """The arm that validation chose with each reference that there is."""
    chosen = arms.loc[arms["chosen"].astype(bool), "arm"].iloc[0]
    return [(chosen, name) for name in differences["reference"].unique() if name != chosen]


def _find(
    differences: pd.DataFrame, score: str, arm: str, reference: str
) -> tuple[float, float, float]:
    """Difference and interval, whichever of the two was the reference; NaN where neither was."""
    of_score = differences[differences["score"] == score]
    columns = ["difference", "low", "high"]
    for one, other, sign in ((arm, reference, 1), (reference, arm, -1)):
        there = (of_score["arm"] == one) & (of_score["reference"] == other)
        found = of_score.loc[there, columns].to_numpy()
        if len(found):
            difference, low, high = sign * found[0]
            return difference, min(low, high), max(low, high)
    return np.nan, np.nan, np.nan


def verdict(low: float, high: float, lower_is_better: bool) -> str:
    """What the interval of a difference says of the arm that it belongs to."""
    if not np.isfinite([low, high]).all():
        return "not compared"
    worst, best = (-high, -low) if lower_is_better else (low, high)
    if worst > 0:
        return "better"
    return "not better" if best <= 0 else "undecided"
