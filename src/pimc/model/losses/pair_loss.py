"""What all losses of two sides are."""

from __future__ import annotations

from typing import Self

from torch import Tensor, nn


class PairLoss(nn.Module):
    """``loss(first, second, alike)`` of the projections N x D of two sides.

    A subclass is declared in ``pimc.model.losses.kinds.LOSSES``, where options find it.
    """

    @classmethod
    def build(cls, temperature: float, soft: bool) -> Self:
        """From the options of pretraining; a loss takes what it has.

        Args:
            temperature: at the start.
            soft: whether others that show the same count as positives; else they are left out.
        """
        raise NotImplementedError

    @property
    def temperature(self) -> float | None:
        """The present one; None where none is learned."""
        return None

    def clamp_temperature(self) -> None:
        """Bring a learned temperature back into its range; to be called after each step."""


def check_sides(first: Tensor, second: Tensor) -> None:
    """Refuse sides that form no pairs.

    Raises:
        ValueError: for different shapes, or one pair alone.
    """
    if first.shape != second.shape or first.ndim != 2 or len(first) < 2:
        raise ValueError(
            f"expected two or more pairs of vectors of one length, got shapes "
            f"{tuple(first.shape)} and {tuple(second.shape)}"
        )
