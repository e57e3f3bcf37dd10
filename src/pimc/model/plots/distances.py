"""Distances within series, and plots of them with the options of pyts, batched.

pyts is the reference: in float64 every mode gives its plots.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from pimc.signal.recurrence import plot_side


def distances(
    series: Tensor, dimension: int = 1, time_delay: int = 1, out: Tensor | None = None
) -> Tensor:
    """Euclidean distances between the trajectories of each series.

    With v_i = (x_i, x_{i+tau}, .., x_{i+(m-1)tau}), the cell (i, j) is |v_i - v_j|; one point a
    trajectory gives |x_i - x_j|.

    Args:
        series: ... x L floating point.
        dimension: m, points of a trajectory.
        time_delay: tau, steps between them.
        out: ... x L' x L' tensor to draw into, for who draws many plots of one shape. As
            everywhere in torch, no gradient flows through it.

    Returns:
        ... x L' x L' with L' = L - (m - 1) tau, of the series' dtype and device.

    Raises:
        ValueError: if a series is too short for one trajectory.
    """
    side = plot_side(series.shape[-1], dimension, time_delay)
    first, second = series.unsqueeze(-1), series.unsqueeze(-2)
    # a tensor of the result's size and no other: memory traffic is what this costs
    if dimension == 1:
        return torch.sub(first, second, out=out).abs_()
    squares = torch.sub(first, second).square_()
    total = (
        squares[..., :side, :side].clone() if out is None else out.copy_(squares[..., :side, :side])
    )
    for lag in range(time_delay, dimension * time_delay, time_delay):
        total += squares[..., lag : lag + side, lag : lag + side]
    return root(total)


def root(squares: Tensor) -> Tensor:
    """Square root, in place but for autograd, whose slope at 0 is 0 instead of infinity."""
    if not squares.requires_grad:
        return squares.sqrt_()
    positive = squares > 0
    return torch.where(positive, torch.where(positive, squares, 1).sqrt(), 0)


def recurrence_plot(
    series: Tensor,
    threshold: float | Literal["point", "distance"] | None = None,
    percentage: float = 10,
    dimension: int = 1,
    time_delay: int = 1,
) -> Tensor:
    """Recurrence plots with pyts's options and pyts's results.

    Args:
        series: ... x L floating point.
        threshold: None keeps the distances; a number, in the units of the series, gives 1 where
            the distance is below it; ``point`` takes for threshold the percentile of each
            plot's own distances; ``distance`` a percentage of each plot's largest distance.
        percentage: 0..100, for ``point`` and ``distance``.
        dimension: points of a trajectory.
        time_delay: steps between them.

    Returns:
        ... x L' x L' of the series' dtype, with L' = L - (dimension - 1) time_delay.

    Raises:
        ValueError: for a threshold that is neither, a percentage beyond 0..100, or a series too
            short for one trajectory.
    """
    if not 0 <= percentage <= 100:
        raise ValueError(f"percentage must lie in 0..100, got {percentage}")
    plots = distances(series, dimension, time_delay)
    if threshold is None:
        return plots
    if isinstance(threshold, str):
        if threshold not in PLOT_THRESHOLDS:
            raise ValueError(
                f"threshold must be a number, None, {' or '.join(PLOT_THRESHOLDS)}, "
                f"got {threshold!r}"
            )
        limits = PLOT_THRESHOLDS[threshold](plots.flatten(-2), percentage)[..., None, None]
        return (plots < limits).to(plots.dtype)
    if not threshold > 0:
        raise ValueError(f"threshold must be above 0, got {threshold}")
    return plots.lt_(threshold)


def _percentile(cells: Tensor, percentage: float) -> Tensor:
    """Percentile of the last axis, linear between ranks as in numpy."""
    rank = percentage / 100 * (cells.shape[-1] - 1)
    below = int(rank)
    # two order statistics, not torch.quantile: that sorts every cell
    low = cells.kthvalue(below + 1, dim=-1).values
    if rank == below:
        return low
    high = cells.kthvalue(below + 2, dim=-1).values
    return low + (rank - below) * (high - low)


def _share_of_largest(cells: Tensor, percentage: float) -> Tensor:
    return percentage / 100 * cells.amax(dim=-1)


PLOT_THRESHOLDS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "point": _percentile,
    "distance": _share_of_largest,
}
"""Thresholds taken from each plot's own distances."""
