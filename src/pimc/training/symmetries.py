"""Flips and quarter turns of squares: seen from above, land has no upright."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

SYMMETRIES = 8


def symmetry(images: Tensor, number: int) -> Tensor:
    """Symmetry ``number`` of 0..7 of images ... x side x side; 0 leaves them as they are."""
    turned = images.rot90(number % 4, (-2, -1))
    return turned if number < 4 else turned.flip(-1)


def turn_each(images: Tensor, numbers: Tensor) -> Tensor:
    """A symmetry of its own of each image.

    Args:
        images: B x C x side x side.
        numbers: B int64, 0..7.

    Returns:
        As ``images``.
    """
    positions = _positions(images.shape[-1], images.device)[numbers][:, None]
    cells = positions.expand(-1, images.shape[1], -1)
    return images.flatten(2).gather(2, cells).reshape(images.shape)


@lru_cache(maxsize=8)
def _positions(side: int, device: torch.device) -> Tensor:
    """8 x (side x side): from which cell each cell of a turned or flipped square comes."""
    cells = torch.arange(side * side, device=device).reshape(side, side)
    return torch.stack([symmetry(cells, number) for number in range(SYMMETRIES)]).flatten(1)
