"""From the arms of a task to runs that a dataset makes, keyed by all that their results hang on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

from pimc.data.fingerprint import fingerprint
from pimc.evaluation.arms import Arm, Budget
from pimc.evaluation.kinds import BACKBONE, Input, Kind
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmResult, ArmRun, ArmTask
from pimc.evaluation.task_options import TaskOptions

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Task:
    """What a task hands to the planner, which makes the keys of all tasks.

    Attributes:
        name: of the task.
        kinds: of arms that it knows, by name.
        inputs: of arms, by name.
        make: fits an arm and predicts.
        splits: samples of each rotation.
        facts: all that every result hangs on: version of the code, data, folds, options that no
            arm names. Their ``repr`` must tell values apart.
        of_input: what a run's result hangs on of what its arm reads and not all arms do: an
            encoder, a file; None for nothing.
        absent: arms that cannot run here, and why.
        encoder_seeds: pretrained encoders of each rotation, which draws take turns with.
    """

    name: str
    kinds: Mapping[str, Kind]
    inputs: Mapping[str, Input]
    make: Callable[[ArmRun, Split], ArmResult]
    splits: Sequence[Split]
    facts: tuple[object, ...]
    of_input: Callable[[ArmRun], str | None]
    absent: Mapping[str, str] = field(default_factory=dict)
    encoder_seeds: int = 1


def plan(task: Task, options: TaskOptions) -> dict[str, ArmTask]:
    """One task a run of an arm, by name; a run is made anew where its key is not on disk.

    Raises:
        ValueError: for a kind or an input that the task does not know.
    """
    options.check_arms(task.kinds, task.inputs)
    _log_absent(task.absent, [arm.name for arm in running_arms(options)])
    return {
        run.name: ArmTask(
            run,
            fingerprint(*task.facts, run.identity, task.of_input(run)),
            partial(task.make, run, task.splits[run.rotation]),
        )
        for run in plan_runs(task, options)
    }


def plan_runs(task: Task, options: TaskOptions) -> Iterator[ArmRun]:
    """Every run of the effort, but those of absent arms.

    Rotation by rotation and arm by arm: runs that read one encoder follow each other, and its
    embeddings are computed once.
    """
    protocol = options.protocol
    present = [arm for arm in running_arms(options) if arm.name not in task.absent]
    for rotation, arm in product(range(protocol.rotations), present):
        kind = task.kinds[arm.kind]
        limited = _limit_epochs(arm, kind, protocol.max_epochs)
        for budget in filter(lambda each: arm.runs_at(each.name), protocol.budgets.values()):
            several = arm.pretrained and task.encoder_seeds > 1
            one = not several and _is_fixed(arm, kind, budget, protocol.max_train)
            for seed in range(1 if one else budget.draws):
                yield ArmRun(task.name, limited, budget, seed, rotation)


def running_arms(options: TaskOptions) -> list[Arm]:
    """Arms of the effort that run at one of its budgets."""
    protocol = options.protocol
    arms = [arm for name, arm in options.arms.items() if name not in (protocol.without or ())]
    return [arm for arm in arms if any(map(arm.runs_at, protocol.budgets))]


def without_encoder(options: TaskOptions, reason: str) -> dict[str, str]:
    """Arms that cannot run where there is no pretrained encoder."""
    return {arm.name: reason for arm in options.arms.values() if arm.pretrained}


def _is_fixed(arm: Arm, kind: Kind, budget: Budget, max_train: int | None) -> bool:
    """Whether a second seed would give the same: all labels, nothing drawn, one encoder.

    An encoder that is one of several may be another with each seed, but a backbone is not.
    """
    whole = budget.shots is None and budget.share == 1 and max_train is None
    one_encoder = arm.encoder is None or arm.source.encoder == BACKBONE
    return whole and one_encoder and kind.deterministic and arm.source.fixed


def _limit_epochs(arm: Arm, kind: Kind, most: int | None) -> Arm:
    if not kind.epochs or most is None:
        return arm
    epochs = min(most, arm.options.get("epochs", most))
    return replace(arm, options={**arm.options, "epochs": epochs})


def _log_absent(absent: Mapping[str, str], running: Sequence[str]) -> None:
    reasons: dict[str, list[str]] = {}
    for name in running:
        if name in absent:
            reasons.setdefault(absent[name], []).append(name)
    for reason, names in reasons.items():
        logger.warning("absent: %s: %s", ", ".join(names), reason)
