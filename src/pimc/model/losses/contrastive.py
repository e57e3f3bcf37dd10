"""The contrastive loss and what it needs beside the encoders."""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from pimc.model.losses.pair_loss import PairLoss, check_sides

TEMPERATURE_RANGE = (0.01, 1.0)
"""Learned temperatures stay within: below 0.01 one negative takes all the gradient (Radford et
al. 2021, CLIP, clip there), above 1 all similarities look alike."""


class ProjectionHead(nn.Sequential):
    """Embedding -> vector that the loss compares; not part of the encoder.

    A head of two layers keeps in the embedding what the loss would discard (Chen et al. 2020,
    SimCLR, section 4.2).
    """

    def __init__(self, embedding_size: int, projection_size: int):
        super().__init__(
            nn.Linear(embedding_size, embedding_size),
            nn.ReLU(),
            nn.Linear(embedding_size, projection_size),
        )


class ContrastiveLoss(PairLoss):
    r"""Symmetric InfoNCE with a learned temperature (Radford et al. 2021, CLIP, figure 3).

    With unit vectors a_i = p_i / |p_i|, b_i = q_i / |q_i| and s_ij = a_i . b_j / tau

    .. math:: L = -\frac{1}{2N} \sum_i \left(\log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}
              + \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ji}}}\right)

    which is ln N where all similarities are equal.

    Others that show the same as i, its set A_i, are false negatives. Excluded, they are left out
    of both sums over j. Soft, they are positives beside i: log-probabilities are averaged over i
    and A_i (the targets of Khosla et al. 2020, SupCon, equation 2).
    """

    def __init__(self, temperature: float, soft: bool = False):
        super().__init__()
        low, high = TEMPERATURE_RANGE
        if not low <= temperature <= high:
            raise ValueError(f"temperature must lie in {low}..{high}, got {temperature}")
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))
        self.soft = soft

    @classmethod
    def build(cls, temperature: float, soft: bool) -> Self:
        """With a temperature of its own, and soft or excluded positives."""
        return cls(temperature, soft)

    @property
    def temperature(self) -> float:
        """The present tau."""
        return math.exp(-self.log_scale.item())

    @torch.no_grad()
    def clamp_temperature(self) -> None:
        """Bring the temperature back into its range; to be called after each step.

        Not in ``forward``: a clamped parameter gets no gradient and could never return.
        """
        low, high = TEMPERATURE_RANGE
        self.log_scale.clamp_(-math.log(high), -math.log(low))

    def forward(self, first: Tensor, second: Tensor, alike: Tensor | None = None) -> Tensor:
        """The loss of N pairs.

        Args:
            first: N x D float, projections of one side: of the series.
            second: N x D float, of the other side: of the images, or of another view; row i
                belongs to row i of ``first``.
            alike: N x N bool, symmetric: pairs that show the same; the diagonal does not count.

        Returns:
            Scalar, float32 whatever the precision of the projections.

        Raises:
            ValueError: if the two sides have different shapes or there is one pair alone.
        """
        check_sides(first, second)
        scale = self.log_scale.exp()
        similarity = scale * normalize(first.float()) @ normalize(second.float()).T
        own = torch.arange(len(similarity), device=similarity.device)
        if alike is not None and self.soft:
            same = (alike | torch.eye(len(own), dtype=torch.bool, device=own.device)).float()
            own = same / same.sum(dim=1, keepdim=True)
        elif alike is not None:
            similarity = similarity.masked_fill(alike.clone().fill_diagonal_(False), -math.inf)
        return (cross_entropy(similarity, own) + cross_entropy(similarity.T, own)) / 2
