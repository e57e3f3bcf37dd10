"""Gramian angular fields (Wang and Oates 2015), batched; pyts is the reference."""

from __future__ import annotations

import torch
from torch import Tensor

from pimc.model.plots.distances import root


def summation_field(series: Tensor, out: Tensor | None = None) -> Tensor:
    """cos(phi_i + phi_j), where cos(phi) is each series brought to -1..1 by its own extremes.

    Args:
        series: ... x L floating point, finite.
        out: ... x L x L tensor to draw into, where no gradient is needed.

    Returns:
        ... x L x L of the series' dtype. A series that stands still is -1 throughout, as in
        pyts: its field is 1 everywhere.
    """
    cosine, sine = _polar(series)
    field = torch.mul(cosine.unsqueeze(-1), cosine.unsqueeze(-2), out=out)
    return field.addcmul_(sine.unsqueeze(-1), sine.unsqueeze(-2), value=-1)


def difference_field(series: Tensor, out: Tensor | None = None) -> Tensor:
    """sin(phi_i - phi_j), where cos(phi) is each series brought to -1..1 by its own extremes.

    Args:
        series: ... x L floating point, finite.
        out: ... x L x L tensor to draw into, where no gradient is needed.

    Returns:
        ... x L x L of the series' dtype; 0 everywhere for a series that stands still.
    """
    cosine, sine = _polar(series)
    field = torch.mul(sine.unsqueeze(-1), cosine.unsqueeze(-2), out=out)
    return field.addcmul_(cosine.unsqueeze(-1), sine.unsqueeze(-2), value=-1)


def _polar(series: Tensor) -> tuple[Tensor, Tensor]:
    """cos(phi) and sin(phi) of each series; phi lies in 0..pi, so that the sine is not below 0."""
    low, high = series.aminmax(dim=-1, keepdim=True)
    span = high - low
    # scikit-learn's scaler, which pyts uses, calls a smaller span none and leaves its unit
    still = span < 10 * torch.finfo(series.dtype).eps
    share = (series - low) / torch.where(still, 1, span)
    # sqrt(1 - cos^2) of cos = 2u - 1, without the digits that the difference would lose
    return 2 * share - 1, 2 * root(share * (1 - share))
