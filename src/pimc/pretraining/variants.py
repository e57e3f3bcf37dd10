"""Variants of pretraining: the shipped options with a few of them changed.

This module knows no torch: Kedro builds these options from parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from pimc.pretraining.options import PretrainingOptions
from pimc.signal.recurrence import RecurrenceOptions

BUDGET = ("max_epochs", "steps_per_epoch")
"""Options of ``pretraining`` that are the same for all variants: an effort sets them."""


SHIPPED = "shipped"
"""The design of encoders that follows from the shipped parameters."""


@dataclass(frozen=True)
class Variant:
    """One way to pretrain a series encoder.

    Attributes:
        name: in every table.
        recurrence: which plot the encoder reads.
        pretraining: everything else.
    """

    name: str
    recurrence: RecurrenceOptions
    pretraining: PretrainingOptions

    def with_seed(self, seed: int) -> Variant:
        """The variant with other first weights, augmentations and batches."""
        options = self.pretraining
        batch = replace(options.batch, seed=options.batch.seed + seed)
        return replace(self, pretraining=replace(options, seed=options.seed + seed, batch=batch))


def build_variant(
    name: str,
    overrides: Mapping[str, Any],
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    effort: Mapping[str, Any],
) -> Variant:
    """The shipped options, changed by those of the variant, then by those of the effort.

    Args:
        name: of the variant.
        overrides: ``recurrence`` and ``pretraining``, each with the options that differ.
        recurrence: as shipped.
        pretraining: as shipped.
        effort: ``BUDGET``, which all variants share.

    Raises:
        ValueError: for an option that does not exist or has a value that it cannot have, one of a
            variant that is the same for all, or one of the effort that is not.
    """
    where = f"variant {name}"
    shipped = {"recurrence": asdict(recurrence), "pretraining": asdict(pretraining)}
    merged = merge_options(shipped, overrides, where)
    if common := [key for key in BUDGET if key in overrides.get("pretraining", {})]:
        raise ValueError(
            f"{where}: {', '.join(common)} must be the same for all variants; set it in the effort"
        )
    if foreign := [key for key in effort if key not in BUDGET]:
        raise ValueError(
            f"effort: {', '.join(foreign)} may differ between variants; an effort sets "
            f"{' and '.join(BUDGET)} alone"
        )
    merged = merge_options(merged, {"pretraining": effort}, "effort")
    try:
        return Variant(
            name,
            RecurrenceOptions(**merged["recurrence"]),
            PretrainingOptions(**merged["pretraining"]),
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error


def design(name: str, overrides: Mapping[str, Any]) -> str:
    """What a variant's encoder is built as: ``shipped``, or its own name for its own plot or size.

    First weights of one design tell nothing of what pretraining does to another.
    """
    own = overrides.get("recurrence") or "preset" in overrides.get("pretraining", {})
    return name if own else SHIPPED


def merge_options(
    base: Mapping[str, Any], changes: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """``base`` with the values of ``changes``, mapping by mapping.

    Args:
        base: options and groups of options.
        changes: some of them.
        where: what is changed, for errors; groups are added to it.

    Raises:
        ValueError: for a name that ``base`` does not have, or one value in the place of a group.
    """
    if not isinstance(changes, Mapping):
        raise ValueError(f"{where}: expected options by name, got {changes!r}")
    if unknown := [name for name in changes if name not in base]:
        raise ValueError(
            f"{where} has no option {', '.join(unknown)}; it has {', '.join(sorted(base))}"
        )
    merged = dict(base)
    for name, value in changes.items():
        group = base[name]
        within = isinstance(group, Mapping)
        merged[name] = merge_options(group, value, f"{where}, {name}") if within else value
    return merged
