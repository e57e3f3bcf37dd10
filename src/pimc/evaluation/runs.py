"""One training and test of an arm, and what it gives. No torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pimc.evaluation.arms import Arm, Budget


@dataclass(frozen=True)
class ArmRun:
    """One training and test of an arm.

    Attributes:
        task: name of the task.
        arm: what is run.
        budget: labels it may see.
        seed: of the drawn labels and the first weights.
        rotation: of the folds.
    """

    task: str
    arm: Arm
    budget: Budget
    seed: int
    rotation: int

    @property
    def identity(self) -> tuple[object, ...]:
        """What the result hangs on, the names of arm and budget not among it."""
        arm, budget = self.arm, self.budget
        options = sorted((name, repr(value)) for name, value in arm.options.items())
        return arm.kind, arm.input, options, budget.share, budget.shots, self.seed, self.rotation

    @property
    def name(self) -> str:
        """Unique among the runs of a task."""
        return f"{self.arm.name}-{self.budget.name}-seed{self.seed}-rotation{self.rotation}"


@dataclass(frozen=True, eq=False)
class ArmResult:
    """What one run gives; all there is to score it, so that scoring costs no training.

    Attributes:
        arrays: by name; ``test_rows`` and ``validation_rows`` are numbers of samples of the
            task, ``test`` and ``validation`` what was predicted for them, in the same order.
        facts: JSON values: ``chosen`` hyper-parameters, ``seconds``, ``train_samples``,
            ``transductive`` (true, false, or null where nobody knows) ...
        metrics: numbers of this run, for its MLflow run.
    """

    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class ArmTask:
    """A run not made yet; ``key`` changes whenever ``make`` would give another result."""

    run: ArmRun
    key: str
    make: Callable[[], ArmResult]


@dataclass(frozen=True, eq=False)
class StoredResult:
    """A result as it lies on disk.

    Attributes:
        arm: name of the arm.
        kind: of the arm.
        input: of the arm.
        budget: name of the budget.
        seed: of the draw.
        rotation: of the folds.
        result: arrays, facts and metrics.
    """

    arm: str
    kind: str
    input: str | None
    budget: str
    seed: int
    rotation: int
    result: ArmResult
