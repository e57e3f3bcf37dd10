"""From arms to runs, and to tasks that a dataset makes, keyed by all that results hang on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from pimc.data.fingerprint import fingerprint
from pimc.evaluation.arms import BACKBONE, Arm, ArmResult, ArmRun, ArmTask, FindEncoder, TaskOptions
from pimc.evaluation.protocol import Split

logger = logging.getLogger(__name__)

FIXED_INPUTS = frozenset(
    {None, "series", "statistics", "pretrained", "pretrained_with_series", BACKBONE}
)
"""Inputs that hold no random weights."""

DETERMINISTIC = frozenset({"majority", "knn", "linear", "persistence", "climatology", "ridge"})
"""Kinds that give one result for one training set, so that a second seed would add none."""


def plan_runs(task: str, options: TaskOptions) -> Iterator[ArmRun]:
    """Every run of the chosen effort: budget by budget, rotation by rotation, arm by arm.

    An arm that hangs on no seed (a deterministic kind on an input that has no random weights, at
    all labels) runs once; an encoder that is one of several may be another with each seed, but a
    backbone is not.
    """
    protocol = options.protocol
    for budget in protocol.budgets.values():
        whole = budget.shots is None and budget.share == 1 and protocol.max_train is None
        for rotation in range(protocol.rotations):
            for arm in options.arms.values():
                if arm.budgets is not None and budget.name not in arm.budgets:
                    continue
                fixed = whole and (arm.encoder is None or arm.input == BACKBONE)
                fixed = fixed and arm.kind in DETERMINISTIC and arm.input in FIXED_INPUTS
                limited = _limit_epochs(arm, protocol.max_epochs)
                for seed in range(1 if fixed else budget.draws):
                    yield ArmRun(task, limited, budget, seed, rotation)


def _limit_epochs(arm: Arm, most: int | None) -> Arm:
    if arm.kind != "network" or most is None:
        return arm
    epochs = min(most, arm.options.get("epochs", most))
    return replace(arm, options={**arm.options, "epochs": epochs})


def drop_absent(options: TaskOptions, runs: Iterable[ArmRun], reason: str) -> list[ArmRun]:
    """Runs without those that need a pretrained encoder, which are named in the log."""
    return drop_arms(runs, [arm.name for arm in options.arms.values() if arm.pretrained], reason)


def drop_arms(runs: Iterable[ArmRun], names: Sequence[str], reason: str) -> list[ArmRun]:
    """Runs without those of some arms, which are named in the log."""
    if names:
        logger.warning("absent: %s: %s", ", ".join(names), reason)
    return [run for run in runs if run.arm.name not in names]


def plan_tasks(
    runs: Iterable[ArmRun],
    make: Callable[[ArmRun, Split], ArmResult],
    splits: Sequence[Split],
    facts: object,
    find_encoder: FindEncoder | None,
) -> dict[str, ArmTask]:
    """One task a run, by name.

    Args:
        runs: of a task.
        make: fits an arm and predicts.
        splits: samples of each rotation.
        facts: what all results hang on: data, folds, options that no arm names. Its ``repr``
            must tell values apart.
        find_encoder: gives the pretrained encoder of a run; None where no run needs one.
    """

    def key(run: ArmRun) -> str:
        encoder = find_encoder(run).digest if find_encoder and run.arm.pretrained else None
        return fingerprint(facts, run.identity, encoder)

    return {
        run.name: ArmTask(run, key(run), partial(make, run, splits[run.rotation])) for run in runs
    }
