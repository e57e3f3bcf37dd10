"""One batch that several processes make together: which part is whose, and its random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Generator, Tensor, distributed


@dataclass(frozen=True)
class Share:
    """The part of every batch that one process makes: the parts are of one length, in order.

    Attributes:
        process: 0 to ``processes`` - 1.
        processes: how many there are.
    """

    process: int = 0
    processes: int = 1

    def whole(self, rows: int) -> int:
        """Of so many rows those that processes can share: a multiple of their number."""
        return rows - rows % self.processes

    def of(self, rows: int) -> slice:
        """The rows of this process, of a batch of ``rows``; what is left over is nobody's."""
        own = rows // self.processes
        return slice(self.process * own, (self.process + 1) * own)


WHOLE = Share()
"""The share of a process that is alone."""


def this_share() -> Share:
    """The share of this process in its group."""
    if not distributed.is_available() or not distributed.is_initialized():
        return WHOLE
    return Share(distributed.get_rank(), distributed.get_world_size())


class ShareGenerator(Generator):
    """Numbers of a whole batch, drawn alike in each process, which keeps those of its share.

    So that a batch that is shared is changed as it is in one process.
    """

    share: Share

    def __new__(cls, device: torch.device | str, share: Share) -> Self:
        """A generator of torch, which is made here and not in ``__init__``."""
        made: Self = super().__new__(cls, device)  # type: ignore[call-arg]
        made.share = share
        return made

    def __init__(self, device: torch.device | str, share: Share):
        """Said in ``__new__``."""


def uniform(shape: Sequence[int], generator: Generator, axis: int = 0) -> Tensor:
    """Numbers in 0..1, of the generator's share along the batch's axis."""
    return _draw(torch.rand, shape, generator, axis)


def normal(shape: Sequence[int], generator: Generator, axis: int = 0) -> Tensor:
    """Standard normal numbers, likewise."""
    return _draw(torch.randn, shape, generator, axis)


def integers(
    low: int, high: int, shape: Sequence[int], generator: Generator, axis: int = 0
) -> Tensor:
    """Whole numbers from ``low`` to ``high`` - 1, likewise."""

    def sample(size: Sequence[int], generator: Generator, device: torch.device) -> Tensor:
        return torch.randint(low, high, tuple(size), generator=generator, device=device)

    return _draw(sample, shape, generator, axis)


def _draw(
    sample: Callable[..., Tensor], shape: Sequence[int], generator: Generator, axis: int
) -> Tensor:
    share = generator.share if isinstance(generator, ShareGenerator) else WHOLE
    rows = shape[axis]
    size = [*shape[:axis], share.processes * rows, *shape[axis + 1 :]]
    drawn = sample(size, generator=generator, device=generator.device)
    return drawn if share == WHOLE else drawn.narrow(axis, share.process * rows, rows)
