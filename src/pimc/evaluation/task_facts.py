"""What tables, figures and the pipelines' registry need to know of a task."""

from __future__ import annotations

from dataclasses import dataclass

PATCHES = "test patches (blocks, where there are no patches)"
"""What the bootstrap draws where samples are pixels."""


@dataclass(frozen=True)
class TaskFacts:
    """A task as others see it; each is declared beside the task.

    Attributes:
        name: of its pipeline, its parameters and its tables.
        title: for people.
        scores: those that are shown, the first one ranks; a last ``*`` stands for any ending.
        drawn: what the bootstrap of its intervals draws.
        lower_is_better: of all its scores.
        division: column of what is scored: samples of which kind, or targets.
        counted: what a row of its tables counts; None where ``division`` says it.
        parameters: name of its group of parameters; None where it is the task's.
        series: whether it reads series, which are then made anew in its pipeline.
        evaluated: whether `--pipeline=evaluate` runs it.
    """

    name: str
    title: str
    scores: tuple[str, ...]
    drawn: str
    lower_is_better: bool = False
    division: str = "unit"
    counted: str | None = None
    parameters: str | None = None
    series: bool = False
    evaluated: bool = True
