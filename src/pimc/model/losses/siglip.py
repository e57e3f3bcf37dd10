"""The sigmoid loss: each pair is judged by itself, so that small batches suffice."""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, normalize

from pimc.model.losses.pair_loss import PairLoss, check_sides

FIRST_SCALE = 10.0
FIRST_BIAS = -10.0
LARGEST_SCALE = 100.0
"""As for InfoNCE: above, one pair takes all the gradient."""


class SigLipLoss(PairLoss):
    r"""Pairwise sigmoid loss with learned scale and bias (Zhai et al. 2023, arXiv 2303.15343).

    With unit vectors a_i, b_j, and z_ij = 1 where i = j, else -1

    .. math:: L = -\frac{1}{N} \sum_i \sum_j \log \sigma\left(z_{ij} (t\, a_i \cdot b_j + b)\right)

    where t = e^{t'} starts at 10 and b at -10, so that the many negatives cost little at first.

    Others that show the same as i are left out of the sum or, soft, have z_ij = 1.
    """

    def __init__(self, soft: bool = False):
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))
        self.bias = nn.Parameter(torch.tensor(FIRST_BIAS))
        self.soft = soft

    @classmethod
    def build(cls, temperature: float, soft: bool) -> Self:
        """Its scale starts at its authors' 10, whatever the temperature."""
        return cls(soft)

    @property
    def temperature(self) -> float:
        """1 / t."""
        return math.exp(-self.log_scale.item())

    @torch.no_grad()
    def clamp_temperature(self) -> None:
        """Bring the scale back into 1..100; to be called after each step."""
        self.log_scale.clamp_(0.0, math.log(LARGEST_SCALE))

    def forward(self, first: Tensor, second: Tensor, alike: Tensor | None = None) -> Tensor:
        """The loss of N pairs.

        Args:
            first: N x D float, projections of one side.
            second: N x D float, of the other; row i belongs to row i of ``first``.
            alike: N x N bool, symmetric: pairs that show the same; the diagonal does not count.

        Returns:
            Scalar float32.

        Raises:
            ValueError: if the two sides have different shapes or there is one pair alone.
        """
        check_sides(first, second)
        similarity = normalize(first.float()) @ normalize(second.float()).T
        logits = self.log_scale.exp() * similarity + self.bias
        positive = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        if alike is not None and self.soft:
            positive = positive | alike
        cost = -logsigmoid(torch.where(positive, logits, -logits))
        if alike is not None and not self.soft:
            cost = cost.masked_fill(alike & ~positive, 0.0)
        return cost.sum() / len(logits)
