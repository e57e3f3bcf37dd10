"""Losses of two sides, by name."""

from __future__ import annotations

from pimc.model.losses.contrastive import ContrastiveLoss
from pimc.model.losses.siglip import SigLipLoss
from pimc.model.losses.vicreg import VicRegLoss

PairLoss = ContrastiveLoss | SigLipLoss | VicRegLoss
"""``loss(first, second, alike)`` of projections N x D of two sides."""


def build_loss(name: str, temperature: float, soft: bool) -> PairLoss:
    """A loss by its name.

    Args:
        name: infonce, siglip or vicreg.
        temperature: of InfoNCE at the start; SigLIP starts at its authors' 0.1.
        soft: whether others that show the same count as positives; else they are left out.

    Raises:
        ValueError: for another name.
    """
    match name:
        case "infonce":
            return ContrastiveLoss(temperature, soft)
        case "siglip":
            return SigLipLoss(soft)
        case "vicreg":
            return VicRegLoss()
    raise ValueError(f"no loss {name!r}; there are infonce, siglip, vicreg")
