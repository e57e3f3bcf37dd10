"""From arms to tasks that a dataset makes: one a run, keyed by all that its result hangs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from pimc.data.fingerprint import fingerprint
from pimc.learning.arms import ArmResult, ArmRun, ArmTask
from pimc.learning.encoder_plan import FindEncoder
from pimc.learning.protocol import Split


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
