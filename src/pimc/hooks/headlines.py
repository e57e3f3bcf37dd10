"""The few numbers that people look at first, read from what a run has written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from pimc.catalog.metrics import COMPARED, comparable
from pimc.evaluation.task_facts import TaskFacts
from pimc.evaluation.tasks import TASKS

PRETRAINING = "pretraining_metrics"

FACTS = ("Created", "Dataset", "Duration")
"""What MLflow knows of every run, shown before its metrics."""


@dataclass(frozen=True)
class ChosenArm:
    """The arm of a task that validation chose, with most labels.

    Attributes:
        task: whose arm.
        name: of the arm.
        score: the task's first.
        value: of the score, on test.
        low: of its 95 % interval; NaN where there is none.
        high: likewise.
    """

    task: TaskFacts
    name: str
    score: str
    value: float
    low: float
    high: float


def chosen_arms(pipeline: Pipeline, catalog: DataCatalog) -> list[ChosenArm]:
    """One arm for each task whose scores the pipeline writes."""
    written = pipeline.all_outputs()
    return [
        find_chosen(task, catalog.load(name))
        for task in TASKS.values()
        if (name := scores_of(task)) in written
    ]


def scores_of(task: TaskFacts) -> str:
    """Name in the catalog of a task's table of scores."""
    return f"{task.name}.scores"


def find_chosen(task: TaskFacts, scores: pd.DataFrame) -> ChosenArm:
    """The chosen arm of the budget with most labels, by the kind of sample that stands first."""
    rows = scores[scores["chosen"] & (scores["score"] == task.scores[0])]
    row = rows.iloc[int(rows["train_samples"].argmax())]
    return ChosenArm(task, row["arm"], row["score"], row["value"], row["low"], row["high"])


def headline_metrics(
    pipeline: Pipeline, catalog: DataCatalog, chosen: Sequence[ChosenArm]
) -> dict[str, float]:
    """Metrics with the same names in all runs, by which a list of runs is compared."""
    metrics = {f"{arm.task.name}_{arm.score}": float(arm.value) for arm in chosen}
    if PRETRAINING in pipeline.all_outputs():
        metrics |= comparable(catalog.load(PRETRAINING))
    return metrics


def comparison_view() -> str:
    """The list of runs as MLflow keeps a view of it: facts, then the metrics of all runs."""
    scores = [f"{task.name}_{task.scores[0]}" for task in TASKS.values() if task.evaluated]
    metrics = [f"metrics.`{name}`" for name in (*COMPARED.values(), *scores)]
    return json.dumps({"selectedColumns": [*(f"attributes.`{name}`" for name in FACTS), *metrics]})
