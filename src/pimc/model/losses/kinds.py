"""Losses of two sides, and what options need to know of them. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class LossKind:
    """A loss, declared.

    Attributes:
        path: of its class, a ``pimc.model.losses.pair_loss.PairLoss``.
        negatives: whether a pair is compared with others, of which some may show the same.
        guess: loss of N pairs of which nothing is known; None where there is no such number.
    """

    path: str
    negatives: bool = True
    guess: Callable[[int], float] | None = None


LOSSES = {
    "infonce": LossKind("pimc.model.losses.contrastive.ContrastiveLoss", guess=math.log),
    "siglip": LossKind("pimc.model.losses.siglip.SigLipLoss"),
    "vicreg": LossKind("pimc.model.losses.vicreg.VicRegLoss", negatives=False),
}
"""By the name that ``objective.loss`` takes."""
