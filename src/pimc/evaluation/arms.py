"""What a task compares: arms, label budgets, seeds and rotations.

This module knows neither torch nor scikit-learn: Kedro builds the options from parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from pimc.data.folds import FOLDS
from pimc.data.option_check import OptionError, build_named, build_options
from pimc.evaluation.kinds import INPUTS, PRETRAINED, Input

AnyEffort = TypeVar("AnyEffort", bound="Effort")

NAME = re.compile(r"[A-Za-z0-9][\w .-]*", re.ASCII)
"""Of an arm or a budget: it stands in names of files and of MLflow's metrics."""


@dataclass(frozen=True)
class Arm:
    """One contestant of a task.

    Attributes:
        name: of the arm, in every table.
        kind: of the method (``majority``, ``knn``, ``linear``, ``network`` ...); a task knows its
            own.
        input: what the method reads (``series``, ``pretrained``, ``random`` ...), of
            ``pimc.evaluation.kinds.INPUTS``; a task knows its own. With the kind ``network``,
            ``pretrained`` is fine-tuned and ``random`` is the same architecture from scratch;
            with other kinds both stay frozen.
        budgets: names of the label budgets at which it runs; None runs it at all of them.
        encoder: name of the pretrained encoder that it reads, in a task that has several
            (``shipped``: the one that comes with the package), or of the backbone.
        options: hyper-parameters of the kind, and what it chooses them from.
        file: of others' embeddings, where its input reads them.
    """

    name: str
    kind: str
    input: str | None = None
    budgets: tuple[str, ...] | None = None
    encoder: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None

    def __post_init__(self) -> None:
        """Check the name, and that a file is named where its input reads one, and nowhere else."""
        _check_name("arm", self.name)
        if self.embeddings and not self.file:
            raise ValueError(
                f"arm {self.name}: its input {self.input} reads a file of embeddings; name it, as "
                "file: /path/of.npz"
            )
        if self.file and not self.embeddings:
            reading = ", ".join(name for name, source in INPUTS.items() if source.embeddings)
            raise ValueError(
                f"arm {self.name}: its file {self.file} is read with input {reading}, "
                f"got {self.input}"
            )

    @property
    def source(self) -> Input:
        """What it reads; an input of no known name is left to the task, which refuses it."""
        return INPUTS.get(self.input or "", Input())

    @property
    def pretrained(self) -> bool:
        """Whether the arm needs a pretrained encoder of ours."""
        return PRETRAINED in self.source.encoders

    @property
    def embeddings(self) -> bool:
        """Whether the arm reads a file of others' embeddings."""
        return self.source.embeddings

    def runs_at(self, budget: str) -> bool:
        """Whether it runs at the budget of that name."""
        return self.budgets is None or budget in self.budgets

    @classmethod
    def from_parameters(cls, name: str, given: Mapping[str, Any]) -> Arm:
        """An arm from its entry in the parameters: what is no field of an arm is an option.

        Raises:
            ValueError: if the entry is no mapping, or has no kind, or its budgets are no list.
        """
        if not isinstance(given, Mapping):
            raise ValueError(f"arm {name} needs kind, input and options by name, got {given!r}")
        if "kind" not in given:
            raise ValueError(f"arm {name} needs a kind, got {dict(given)}")
        own = ("kind", "input", "budgets", "encoder", "file")
        named = {k: given[k] for k in own if k in given}
        if (budgets := named.get("budgets")) is not None:
            if not isinstance(budgets, list | tuple) or not budgets:
                raise ValueError(f"budgets of arm {name} must be a list of names, got {budgets!r}")
            named["budgets"] = tuple(budgets)
        return cls(name, **named, options={k: v for k, v in given.items() if k not in own})


@dataclass(frozen=True)
class Budget:
    """How many training labels an arm may see, and how often they are drawn.

    Attributes:
        name: of the budget.
        share: of the training labels, drawn class by class; 1 takes all.
        shots: instead of ``share``, labels of each class. A pixel that has series of several
            seasons has a label of each.
        draws: how often; draw k has seed k, which also draws first weights.
    """

    name: str
    share: float = 1.0
    shots: int | None = None
    draws: int = 1

    def __post_init__(self) -> None:
        """Check name and numbers."""
        _check_name("budget", self.name)
        if not 0 < self.share <= 1 or self.draws < 1 or (self.shots is not None and self.shots < 1):
            raise ValueError(
                f"budget {self.name} needs a share in 0..1, shots and draws of 1 or more, "
                f"got {self}"
            )


@dataclass(frozen=True)
class Effort:
    """How much of the protocol is run.

    Attributes:
        budgets: by name, the fields of ``Budget``; null takes one out that another file put in.
        rotations: of the folds, 1..5; rotation k moves each fold k numbers on. With 5, each
            sample is tested once, out of fold.
        max_train: training samples at most, a random part of more; None takes all.
        max_epochs: of arms that are networks, at most; None leaves them as they are.
        encoder_seeds: pretrainings of each rotation, where each rotation has its own encoder; draw
            k of the labels reads that of seed k modulo this number.
        without: names of arms that it leaves out; null takes back what another file left out.
    """

    budgets: Mapping[str, Any]
    rotations: int = 1
    max_train: int | None = None
    max_epochs: int | None = None
    encoder_seeds: int = 1
    without: tuple[str, ...] | None = ()

    def __post_init__(self) -> None:
        """Build budgets that come as mappings; check the counts, and that each encoder is read."""
        built = {
            name: given
            if isinstance(given, Budget)
            else build_options(Budget, given, f"budgets.{name}", name)
            for name, given in self.budgets.items()
            if given is not None
        }
        object.__setattr__(self, "budgets", built)
        object.__setattr__(self, "without", tuple(self.without or ()))
        limits = (self.max_train, self.max_epochs)
        too_low = any(limit is not None and limit < 1 for limit in limits)
        if not 1 <= self.rotations <= len(FOLDS) or too_low or not built:
            raise ValueError(
                f"an effort needs budgets, 1..{len(FOLDS)} rotations, and max_train and max_epochs "
                f"of 1 or more, got {self}"
            )
        fewest = min(budget.draws for budget in built.values())
        if not 1 <= self.encoder_seeds <= fewest:
            raise ValueError(
                f"encoder_seeds must be 1..{fewest}, the draws of the budget with fewest, so that "
                f"every encoder is scored; got {self.encoder_seeds}"
            )


def build_efforts(kind: type[AnyEffort], efforts: Mapping[str, Any]) -> dict[str, AnyEffort]:
    """Efforts that come as mappings, built.

    Raises:
        OptionError: if there is none.
    """
    if not efforts:
        raise OptionError("efforts: expected at least one by name, got none")
    return {
        name: given if isinstance(given, kind) else build_options(kind, given, f"efforts.{name}")
        for name, given in efforts.items()
    }


def build_arm(name: str, given: object, where: str) -> Arm:
    """An arm that comes as a mapping, built.

    Args:
        name: of the arm.
        given: its entry in the parameters.
        where: it stands, in the options of its task.
    """
    return build_named(partial(Arm.from_parameters, name), given, where)


def _check_name(what: str, name: object) -> None:
    """Refuse what can be no name of a metric, or of a file."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(
            f"the name of {what} {name!r} must be of letters, digits, '_', '-', '.' and spaces, "
            "and begin with a letter or a digit"
        )
