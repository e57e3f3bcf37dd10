"""The ablation, and the transfer of its encoders: variants as arms of one task."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pimc.data.option_check import build_named
from pimc.evaluation.arms import Arm, Effort, build_arm, build_efforts
from pimc.evaluation.pixel_arms import PixelOptions
from pimc.evaluation.planning import running_arms
from pimc.evaluation.task_facts import PATCHES, TaskFacts

ABLATION = TaskFacts(
    "ablation",
    "Ablation of plots and objectives",
    scores=("macro_f1", "accuracy"),
    drawn=PATCHES,
    series=True,
    evaluated=False,
)

TRANSFER = replace(
    ABLATION,
    name="transfer",
    title="Transfer of encoders from another corpus",
    parameters="ablation",
)

FINE_TUNED = "_fine_tuned"
"""Ends the name of the arm that fine-tunes a variant's encoder."""


@dataclass(frozen=True)
class AblationEffort(Effort):
    """How much of the protocol is run, and how much training an encoder gets.

    Attributes:
        variants: names of those that are run; None runs all.
        pretraining: options of ``pretraining`` that all variants share: the budget.
    """

    variants: tuple[str, ...] | None = None
    pretraining: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take the names of variants."""
        super().__post_init__()
        if self.variants is not None:
            object.__setattr__(self, "variants", tuple(self.variants))


@dataclass(frozen=True)
class AblationOptions(PixelOptions):
    """What pixel tasks are told (``PixelOptions``), and what this one is told.

    ``arms`` are those that read no pretrained encoder; one that does is added for each variant,
    under its name, and one with ``_fine_tuned`` behind it for those in ``fine_tuned``.

    Attributes:
        variants: by name: options of ``recurrence`` and ``pretraining`` that differ from those
            shipped; null takes a variant out that another file put in.
        probe: how frozen encoders are scored: ``kind``, ``budgets`` and options of the kind.
        fine_tune: how encoders are fine-tuned: ``budgets`` and options of networks.
        fine_tuned: variants that are fine-tuned.
    """

    variants: Mapping[str, Any] = field(default_factory=dict)
    probe: Mapping[str, Any] = field(default_factory=lambda: {"kind": "linear"})
    fine_tune: Mapping[str, Any] = field(default_factory=dict)
    fine_tuned: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take the variants of the effort, and add their arms."""
        efforts = build_efforts(AblationEffort, self.efforts)
        known = {name: given for name, given in self.variants.items() if given is not None}
        for name, given in known.items():
            build_named(dict, given, f"variants.{name}")
        chosen = efforts[self.effort].variants if self.effort in efforts else None
        chosen = tuple(known) if chosen is None else chosen
        for name in (*chosen, *(each for each in self.fine_tuned if each not in self.variants)):
            if name not in known:
                raise ValueError(f"no variant {name!r}; there are {', '.join(known)}")
        # arms that do not run may still be named as references
        arms = {name: self._probe(name) if name in chosen else None for name in self.variants}
        tuned = {
            name + FINE_TUNED: self._fine_tune(name) for name in self.fine_tuned if name in chosen
        }
        added = {**arms, **tuned}
        _check_own_arms(self.arms, added, chosen)
        object.__setattr__(self, "efforts", efforts)
        object.__setattr__(self, "arms", {**added, **self.arms})
        object.__setattr__(self, "variants", {name: known[name] for name in chosen})
        super().__post_init__()
        self._check_scored()

    @property
    def protocol(self) -> AblationEffort:
        """The effort that is run."""
        chosen: AblationEffort = self.efforts[self.effort]
        return chosen

    def entry_of(self, arm: Arm) -> str:
        """Arms of variants are all told of in one place."""
        if arm.encoder is None or arm.name not in (arm.encoder, arm.encoder + FINE_TUNED):
            return super().entry_of(arm)
        return "probe" if arm.name == arm.encoder else "fine_tune"

    def _check_scored(self) -> None:
        """Refuse an effort that would train an encoder, or draw labels, for no arm."""
        scored: set[str] = set()
        for budget in self.protocol.budgets:
            running = [arm for arm in running_arms(self) if arm.runs_at(budget)]
            if not running:
                raise ValueError(
                    f"effort {self.effort}: no arm runs at the budget {budget}; name it in the "
                    "budgets of an arm, or take it out"
                )
            scored |= {arm.encoder for arm in running if arm.encoder}
        if unread := [name for name in self.variants if name not in scored]:
            raise ValueError(
                f"effort {self.effort}: no arm scores the encoders of {', '.join(unread)} at its "
                f"budgets ({', '.join(self.protocol.budgets)}); leave them out of its variants"
            )

    def _probe(self, variant: str) -> Arm:
        entry = {**self.probe, "input": "pretrained", "encoder": variant}
        return build_arm(variant, entry, "probe")

    def _fine_tune(self, variant: str) -> Arm:
        entry = {**self.fine_tune, "kind": "network", "input": "pretrained", "encoder": variant}
        return build_arm(variant + FINE_TUNED, entry, "fine_tune")


def _check_own_arms(
    arms: Mapping[str, Any], added: Collection[str], variants: Collection[str]
) -> None:
    """Refuse arms that take the name of a variant's, or read an encoder that is not trained."""
    for name, given in arms.items():
        if given is None and name in variants:
            raise ValueError(f"arm {name} is that of a variant: null belongs at variants.{name}")
        if not isinstance(given, Mapping):
            continue
        if name in added:
            raise ValueError(
                f"arm {name} has the name of the arm of a variant; name it otherwise, or change "
                "`probe` or `fine_tune`"
            )
        arm = build_arm(name, given, f"arms.{name}")
        if arm.pretrained and arm.encoder not in variants:
            raise ValueError(
                f"arm {name} reads a pretrained encoder: its `encoder` must be a variant that is "
                f"run ({', '.join(variants)}), got {arm.encoder!r}"
            )
