"""Markov transition fields (Wang and Oates 2015), batched; pyts is the reference."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SAME_EDGE = 1e-8
"""Quantiles no farther apart are one edge of bins, as in pyts."""


def transition_field(series: Tensor, bins: int, out: Tensor | None = None) -> Tensor:
    """Share of the steps out of the bin of x_i that lead to the bin of x_j.

    Bins lie between quantiles of each series. No gradient flows through them.

    Args:
        series: ... x L floating point, finite.
        bins: between quantiles of each series; ties make them fewer.
        out: ... x L x L tensor to draw into.

    Returns:
        ... x L x L of the series' dtype, 0..1; 0 in the rows of a bin that no step leaves.
    """
    states = quantile_bins(series.detach(), bins)
    steps = states[..., :-1] * bins + states[..., 1:]
    counts = series.new_zeros(*series.shape[:-1], bins * bins)
    counts.scatter_add_(-1, steps, torch.ones_like(steps, dtype=series.dtype))
    matrix = counts.reshape(*series.shape[:-1], bins, bins)
    matrix = matrix / matrix.sum(dim=-1, keepdim=True).clamp_(min=1)
    # not a product with indicators: mixed precision would round it
    rows = matrix.gather(-2, states.unsqueeze(-1).expand(*states.shape, bins))
    columns = states.unsqueeze(-2).expand(*states.shape, states.shape[-1])
    return torch.gather(rows, -1, columns, out=out)


def quantile_bins(series: Tensor, bins: int) -> Tensor:
    """Bin of each value, 0 .. bins - 1: how many of its series' inner quantiles lie below it.

    Args:
        series: ... x L floating point, finite.
        bins: 2 or more.

    Returns:
        ... x L int64.
    """
    edges = bin_edges(series.sort(dim=-1).values, bins)
    return (series.unsqueeze(-1) > edges.unsqueeze(-2)).sum(dim=-1)


def bin_edges(ordered: Tensor, bins: int) -> Tensor:
    """Inner quantiles of each series, ... x bins - 1, of its values in order, ... x L.

    Of edges that are one (``SAME_EDGE``) the last stays, the others are infinite: no value lies
    above them.
    """
    # ranks as numpy's percentile has them, to the last digit: an edge may be a value itself
    ranks = (ordered.shape[-1] - 1) * (np.linspace(0, 100, bins + 1)[1:-1] / 100)
    below = torch.from_numpy(np.floor(ranks).astype(np.int64)).to(ordered.device)
    share = torch.from_numpy(ranks % 1).to(ordered)
    above = (below + 1).clamp_(max=ordered.shape[-1] - 1)
    edges = torch.lerp(ordered[..., below], ordered[..., above], share)
    apart = torch.ones_like(edges, dtype=torch.bool)
    apart[..., :-1] = edges.diff(dim=-1) > SAME_EDGE
    return torch.where(apart, edges, torch.inf)
