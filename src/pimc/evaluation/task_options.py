"""What all tasks are told. No torch: Kedro builds the options from parameters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pimc.data.option_check import OptionError
from pimc.evaluation.arms import Arm, Effort, build_arm, build_efforts
from pimc.evaluation.kinds import Input, Kind
from pimc.evaluation.runs import StoredResult
from pimc.training.options import AUTO, PRECISIONS


@dataclass(frozen=True)
class TaskOptions:
    """What all tasks are told. A task's own options extend these.

    Attributes:
        inputs: what arms of the task may read, by name; no option.
        arms: by name: ``kind``, ``input``, ``budgets``, and options of the kind; null takes an
            arm out that another file put in.
        efforts: by name, the fields of ``Effort``.
        effort: the one that is run.
        references: arms from which the paired differences of all others are taken; those that
            did not run are passed over.
        resamples: of the bootstrap.
        device: auto, cpu or cuda.
        precision: of networks, of ``pimc.training.options.PRECISIONS``; what frozen encoders of
            series and of crops give is float32.
        seed: of the bootstrap and of the choice of ``max_train`` samples.
    """

    inputs: ClassVar[Mapping[str, Input]] = {}

    arms: Mapping[str, Any]
    efforts: Mapping[str, Any]
    effort: str = "quick"
    references: tuple[str, ...] = ()
    resamples: int = 1_000
    device: str = "auto"
    precision: str = AUTO
    seed: int = 0

    def __post_init__(self) -> None:
        """Build arms and efforts that come as mappings; check that names are known."""
        arms = {
            name: given if isinstance(given, Arm) else build_arm(name, given, f"arms.{name}")
            for name, given in self.arms.items()
            if given is not None
        }
        if not arms:
            raise OptionError("arms: expected at least one by name, got none")
        efforts = build_efforts(Effort, self.efforts)
        _check_known("effort", [self.effort], efforts)
        budgets = {name for effort in efforts.values() for name in effort.budgets}
        for arm in arms.values():
            _check_known(f"budgets of arm {arm.name}", arm.budgets or (), sorted(budgets))
        for name, effort in efforts.items():
            _check_known(f"without of effort {name}", effort.without or (), self.arms)
        _check_known("references", self.references, self.arms)  # those taken out are no error
        object.__setattr__(self, "arms", arms)
        object.__setattr__(self, "efforts", efforts)
        object.__setattr__(self, "references", tuple(self.references))
        if self.resamples < 1:
            raise ValueError(f"resamples must be at least 1, got {self.resamples}")
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            raise ValueError(f"device must be auto, cpu or cuda, got {self.device!r}")
        _check_known("precision", [self.precision], PRECISIONS)

    @property
    def protocol(self) -> Effort:
        """The effort that is run."""
        chosen: Effort = self.efforts[self.effort]
        return chosen

    def entry_of(self, arm: Arm) -> str:
        """Where an arm stands in the parameters of the task."""
        return f"arms.{arm.name}"

    def first_budget(self, results: Sequence[StoredResult]) -> str:
        """The first budget of the effort of which there are results."""
        there = {each.budget for each in results}
        return next(name for name in self.protocol.budgets if name in there)

    def check_arms(self, kinds: Mapping[str, Kind], inputs: Collection[str]) -> None:
        """Refuse arms that the task does not know, and kinds that cannot read their input.

        Raises:
            OptionError: naming the arm and what is known.
        """
        for arm in self.arms.values():
            for name, value, known in (("kind", arm.kind, kinds), ("input", arm.input, inputs)):
                if value is not None and value not in known:
                    raise OptionError(
                        f"{self.entry_of(arm)}.{name}: no {name} {value!r}; there are "
                        f"{', '.join(known)}"
                    )
            if arm.embeddings and kinds[arm.kind].raw:
                able = [name for name, kind in kinds.items() if not (kind.raw or kind.trivial)]
                raise OptionError(
                    f"{self.entry_of(arm)}.kind: {arm.kind} cannot read embeddings "
                    f"(input {arm.input}); take {', '.join(able)}"
                )


def _check_known(name: str, values: Iterable[str], known: Collection[str]) -> None:
    for value in values:
        if value not in known:
            raise ValueError(f"{name} must be of {', '.join(known)}, got {value!r}")
