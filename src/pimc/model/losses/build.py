"""Losses of two sides, by name."""

from __future__ import annotations

from pkgutil import resolve_name

from pimc.model.losses.kinds import LOSSES
from pimc.model.losses.pair_loss import PairLoss


def build_loss(name: str, temperature: float, soft: bool) -> PairLoss:
    """A loss of ``LOSSES``.

    Args:
        name: of the loss.
        temperature: at the start, where it learns one.
        soft: whether others that show the same count as positives; else they are left out.

    Raises:
        ValueError: for another name.
    """
    if name not in LOSSES:
        raise ValueError(f"no loss {name!r}; there are {', '.join(LOSSES)}")
    built: PairLoss = resolve_name(LOSSES[name].path).build(temperature, soft)
    return built
