"""VICReg: agreement without negatives, kept from collapse by the spread of the batch."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor
from torch.nn.functional import mse_loss, relu

from pimc.model.losses.pair_loss import PairLoss, check_sides

INVARIANCE, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0
"""Weights of the three terms (Bardes et al. 2022, section 4.2)."""

STABILITY = 1e-4
"""Added to a variance before its root, whose slope at 0 is infinite (the authors' epsilon)."""


class VicRegLoss(PairLoss):
    r"""Variance, invariance and covariance (Bardes et al. 2022, arXiv 2105.04906).

    With projections p_i, q_i of N pairs, D numbers each, and sample covariances C(p), C(q)

    .. math::
        L &= 25\, s(p, q) + 25\, (v(p) + v(q)) / 2 + (c(p) + c(q)) \\
        s(p, q) &= \frac{1}{N D} \sum_i |p_i - q_i|^2 \\
        v(p) &= \frac{1}{D} \sum_d \max\left(0,\, 1 - \sqrt{C(p)_{dd} + 10^{-4}}\right) \\
        c(p) &= \frac{1}{D} \sum_{d \ne e} C(p)_{de}^2

    in the scaling of its authors' published training (their formula 6 has v(p) + v(q) and sums
    over d in s). Projections are not normalised. Nothing is compared with other pixels, so
    that there are no false negatives.
    """

    @classmethod
    def build(cls, temperature: float, soft: bool) -> Self:
        """It has neither a temperature nor negatives."""
        return cls()

    def forward(self, first: Tensor, second: Tensor, alike: Tensor | None = None) -> Tensor:
        """The loss of N pairs.

        Args:
            first: N x D float, projections of one side.
            second: N x D float, of the other; row i belongs to row i of ``first``.
            alike: must be None: there are no negatives.

        Returns:
            Scalar float32.

        Raises:
            ValueError: if the two sides have different shapes, there is one pair alone, or
                ``alike`` is given.
        """
        check_sides(first, second)
        if alike is not None:
            raise ValueError("vicreg has no negatives, of which some could be alike")
        first, second = first.float(), second.float()
        sides = [_spread(first), _spread(second)]
        variance = sum(each[0] for each in sides) / 2
        covariance = sum(each[1] for each in sides)
        total: Tensor = (
            INVARIANCE * mse_loss(first, second) + VARIANCE * variance + COVARIANCE * covariance
        )
        return total


def _spread(projections: Tensor) -> tuple[Tensor, Tensor]:
    """Variance and covariance terms of one side."""
    # not the covariance's diagonal, which mixed precision computes with three digits
    deviation = (projections.var(dim=0) + STABILITY).sqrt()
    covariance = torch.cov(projections.T)
    between = covariance - covariance.diagonal().diag()
    return relu(1 - deviation).mean(), between.square().sum() / len(covariance)
