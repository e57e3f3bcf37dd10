"""One batch that is spread over several processes, seen as one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed
from torch.autograd.function import once_differentiable


class _GatherRows(torch.autograd.Function):
    """Rows of all processes in order of their rank; the gradient goes back to each row's own."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:  # noqa: ANN401  torch's own type of it
        parts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        # every process has computed the whole loss: a row's gradients add up over them
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        own: Tensor = total.chunk(distributed.get_world_size())[distributed.get_rank()]
        return own


def gather_rows(rows: Tensor) -> Tensor:
    """The rows of all processes; ``rows`` itself where there is one process.

    A loss that compares the rows of a batch is computed from all of them in each process.
    Gradients of the weights, averaged over the processes as data-parallel training does, are then
    those of one process with the whole batch.

    Args:
        rows: B x ..., as many in every process.
    """
    if not distributed.is_available() or not distributed.is_initialized():
        return rows
    gathered: Tensor = _GatherRows.apply(rows)  # type: ignore[no-untyped-call]
    return gathered
