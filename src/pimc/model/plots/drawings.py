"""How scaled series become image channels: one drawing a kind (``RecurrenceOptions``)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from einops import rearrange
from torch import Tensor

from pimc.model.plots.angular_fields import difference_field, summation_field
from pimc.model.plots.distances import distances
from pimc.model.plots.markov_fields import transition_field
from pimc.signal.recurrence import Recurrence

Drawing = Callable[[Tensor, Recurrence, Tensor, Tensor | None], Tensor]
"""Scaled series B x I x L, the transform, its thresholds I x 1, a tensor to draw into or None
-> B x channels x L' x L'. Where an index has several thresholds, its series is there as often."""


def _unthresholded(
    scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None
) -> Tensor:
    return distances(scaled, recurrence.dimension, recurrence.time_delay, out)


def _binary(
    scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None
) -> Tensor:
    return _unthresholded(scaled, recurrence, thresholds, out).lt_(thresholds[..., None])


def _soft(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None) -> Tensor:
    # d / (softness epsilon) is the distance of series in that unit: a pass over the series, not
    # over the plots
    slope = recurrence.softness * thresholds
    steps = _unthresholded(scaled / slope, recurrence, thresholds, out)
    return steps.sub_(1 / recurrence.softness).neg_().sigmoid_()


def _joint(
    scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None
) -> Tensor:
    soft = _soft(scaled, recurrence, thresholds, None)
    by_index = rearrange(
        soft, "b (index threshold) i j -> b index threshold i j", threshold=recurrence.scales
    )
    return torch.prod(by_index, dim=1, out=out)


def _level(
    scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None
) -> Tensor:
    # both triangles are a x_i + b x_j: two passes over the plots, whatever the triangle
    above = torch.ones(2 * scaled.shape[-1:], dtype=scaled.dtype, device=scaled.device).triu_(1)
    first, second = scaled.unsqueeze(-1), scaled.unsqueeze(-2)
    drawn = torch.mul(second, (1 + above) / 2, out=out)
    return drawn.addcmul_(first, (1 - 3 * above) / 2)


def _signed(
    scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None
) -> Tensor:
    return _on_diagonal(torch.sub(scaled.unsqueeze(-2), scaled.unsqueeze(-1), out=out), scaled)


def _diagonal(
    scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None
) -> Tensor:
    return _on_diagonal(_unthresholded(scaled, recurrence, thresholds, out), scaled)


def _on_diagonal(plots: Tensor, scaled: Tensor) -> Tensor:
    if torch.compiler.is_exporting():  # what is exported writes into no view
        own = torch.eye(scaled.shape[-1], dtype=torch.bool, device=scaled.device)
        return torch.where(own, scaled.unsqueeze(-1), plots)
    plots.diagonal(dim1=-2, dim2=-1).copy_(scaled)
    return plots


def _gasf(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None) -> Tensor:
    return summation_field(scaled, out)


def _gadf(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None) -> Tensor:
    return difference_field(scaled, out)


def _mtf(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None) -> Tensor:
    return transition_field(scaled, recurrence.bins, out)


DRAWINGS: dict[str, Drawing] = {
    "unthresholded": _unthresholded,
    "binary": _binary,
    "soft": _soft,
    "joint": _joint,
    "level": _level,
    "signed": _signed,
    "diagonal": _diagonal,
    "gasf": _gasf,
    "gadf": _gadf,
    "mtf": _mtf,
}
"""Kind of a recurrence transform -> its drawing."""
