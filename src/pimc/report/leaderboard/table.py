"""One table of all tasks, all arms and all data sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pimc.data.eurosat.list_sets import LIST_SETS, OFFICIAL, add_title
from pimc.evaluation import classify, forecast
from pimc.evaluation.kinds import BASELINE, INPUTS, TRIVIAL
from pimc.evaluation.tasks import TASKS
from pimc.report.leaderboard.published import Published

KINDS = {**classify.KINDS, **forecast.KINDS}
"""Kinds of arms of all tasks."""

COLUMNS = (
    *("data_set", "simulated", "task", "unit", "budget", "arm", "role", "pretraining"),
    *("score", "value", "low", "high", "seed_std", "validation", "chosen"),
    *("reference", "difference", "difference_low", "difference_high"),
    *("seeds", "rotations", "train_samples", "test_samples", "seconds"),
    *("source", "protocol", "caveat", "workspace", "effort", "split", "scored_on"),
)
"""Of the leaderboard, one row an arm and score."""

PUBLISHED_ROLE = "published"


@dataclass(frozen=True, eq=False)
class TaskTables:
    """What a run of a task left.

    Attributes:
        workspace: of the environment in which it ran.
        task: name.
        scores: of all arms (``pimc.report.comparison.compare``).
        differences: from the reference arms.
        counts: scores of each class, or errors by lead time, which count the test samples; None
            where there are none.
        scored_on: day of the table, ISO.
    """

    workspace: str
    task: str
    scores: pd.DataFrame
    differences: pd.DataFrame
    counts: pd.DataFrame | None = None
    scored_on: str = ""

    def __post_init__(self) -> None:
        """Check the columns: a table of another version must not pass unseen."""
        division = TASKS[self.task].division
        needed = {
            "scores": {division, "budget", "arm", "kind", "input", "pretraining", "chosen"},
            "differences": {division, "budget", "score", "arm", "reference", "difference"},
        }
        for name, columns in needed.items():
            absent = sorted(columns - set(getattr(self, name).columns))
            if absent:
                raise self._outdated(f"{name}: no columns {', '.join(absent)}")
        chosen = self.scores.groupby([division, "budget"], sort=False)["chosen"].any()
        if not chosen.all():
            raise self._outdated(f"scores: no arm chosen for {chosen.index[~chosen].tolist()}")

    @property
    def split(self) -> str:
        """The set of lists that images were split by (``pimc.data.eurosat.list_sets``).

        Series have folds, and tables of before there were several say nothing: both go by the
        name of the data alone.
        """
        return str(self.scores["split"].iloc[0]) if "split" in self.scores else OFFICIAL

    def _outdated(self, what: str) -> ValueError:
        return ValueError(
            f"{self.task}.{what} in workspace {self.workspace}; run "
            f"`{run_command(self.workspace, self.task)}` anew, with the parameters it was run with"
        )


@dataclass(frozen=True)
class DataSet:
    """What a task was run on.

    Attributes:
        name: public name, in every table; what is simulated says so.
        simulated: whether it is; None where nobody said.
    """

    name: str
    simulated: bool | None = None

    def __post_init__(self) -> None:
        """Check that simulated data are called so."""
        if self.simulated and "simulated" not in self.name.lower():
            raise ValueError(f"simulated data must be called so, got the name {self.name!r}")

    def split_by(self, split: str) -> DataSet:
        """The same images in another set of lists are other data: the name says so."""
        return replace(self, name=add_title(self.name, split))


def run_command(workspace: str, task: str, effort: str = "", split: str = OFFICIAL) -> str:
    """The command that makes a task's tables (environments are named as their workspaces).

    Where data and one's own lists lie is not among what it says, nor are other parameters than
    the effort and the published lists.
    """
    environment = "" if workspace == "simulated" else f" --env={workspace}"
    group = TASKS[task].parameters or task
    chosen = [f"{group}.effort={effort}"] if effort else []
    chosen += [f"split={split}"] if split != OFFICIAL and split in LIST_SETS else []
    given = f" --params={','.join(chosen)}" if chosen else ""
    return f"kedro run{environment} --pipeline={task}{given}"


def arm_role(kind: str, source: str) -> str:
    """What an arm is in a comparison, by its kind of method and what it reads.

    Returns:
        ``trivial`` (knows no more than a mean), ``control`` (its input is spoilt on purpose),
        ``pretrained``, ``first weights`` (an architecture of the same table, not pretrained),
        ``backbone`` (an encoder of others), ``peer`` (their embeddings, from a file) or
        ``baseline``.
    """
    if kind in KINDS and KINDS[kind].trivial:
        return TRIVIAL
    return INPUTS[source].role if source in INPUTS else BASELINE


def leaderboard_table(
    tables: Sequence[TaskTables],
    data_sets: Mapping[tuple[str, str], DataSet],
    published: Iterable[Published],
) -> pd.DataFrame:
    """All scores of all arms, then the published numbers.

    Args:
        tables: of the tasks that have been run.
        data_sets: what they were run on, by workspace and task.
        published: numbers of others.

    Returns:
        ``COLUMNS``. ``reference`` is the first one of which the task took differences;
        ``difference`` is the arm's score less the reference's, paired, with its interval.
    """
    ours = [_task_rows(each, data_sets[each.workspace, each.task]) for each in tables]
    others = pd.DataFrame([row for each in published for row in _published_rows(each)])
    table = pd.concat([*ours, others], ignore_index=True)
    return table.reindex(columns=list(COLUMNS))


def _task_rows(tables: TaskTables, data_set: DataSet) -> pd.DataFrame:
    division = TASKS[tables.task].division
    keys = [division, "budget", "score", "arm"]
    differences = tables.differences
    first = differences.groupby([division, "budget"], sort=False)["reference"].transform("first")
    main = differences[differences["reference"] == first].rename(
        columns={"low": "difference_low", "high": "difference_high"}
    )
    rows = tables.scores.merge(main, on=keys, how="left", validate="many_to_one")
    source = rows["input"].fillna("").astype(str)
    roles = [arm_role(kind, given) for kind, given in zip(rows["kind"], source, strict=True)]
    return rows.rename(columns={division: "unit"}).assign(
        data_set=data_set.name,
        simulated=data_set.simulated,
        task=tables.task,
        role=roles,
        test_samples=_count_tested(tables, rows[division]),
        workspace=tables.workspace,
        split=tables.split,
        scored_on=tables.scored_on,
    )


def _count_tested(tables: TaskTables, division: pd.Series) -> pd.Series:
    """Test samples (scored values, in forecasting) of each row; NaN where no table counts them."""
    counts = tables.counts
    if counts is None:
        return pd.Series(np.nan, index=division.index)
    runs = ["budget", "arm"]
    if "samples" in counts:  # by class: counts the samples themselves, not parcels
        total = counts.groupby(runs)["samples"].sum().max()
        return pd.Series(np.where(division == "parcel", np.nan, total), index=division.index)
    summed = counts.groupby(["targets", *runs])["observations"].sum()
    return division.map(summed.groupby("targets").max())


def _published_rows(published: Published) -> list[dict[str, object]]:
    facts = {
        "data_set": published.data,
        "simulated": False,
        "task": published.task,
        "budget": published.budget,
        "arm": published.method,
        "role": PUBLISHED_ROLE,
        "chosen": False,
        "source": published.source,
        "protocol": published.protocol,
        "caveat": published.caveat,
    }
    rows = []
    for score, given in published.scores.items():
        low, high = given if isinstance(given, tuple) else (np.nan, np.nan)
        value = (low + high) / 2 if isinstance(given, tuple) else given
        rows.append({**facts, "score": score, "value": value, "low": low, "high": high})
    return rows


def shown_scores(task: str, available: Iterable[str]) -> list[str]:
    """The scores of a task that are shown, of those that there are, the one that ranks first."""
    names = list(dict.fromkeys(available))
    return [
        name
        for pattern in TASKS[task].scores
        for name in names
        if name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))
    ]
