"""Which observations the masked term hides."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from pimc.pretraining.objective_options import MaskOptions
from pimc.training.shares import uniform


def block_width(options: MaskOptions, length: int) -> int:
    """Steps of the block in a calendar of ``length`` steps."""
    return round(options.block * length)


def draw_hidden(observed: Tensor, options: MaskOptions, generator: Generator) -> Tensor:
    """Observed dates that are hidden: single ones, and those in one contiguous block.

    Single dates can be guessed from their neighbours, a block cannot (Tseng et al. 2023, Presto,
    section 3.2, mix such masks too).

    Args:
        observed: B x L bool.
        options: shares.
        generator: of all draws, on the same device.

    Returns:
        B x L bool; where nothing would be left to see, nothing is hidden.
    """
    batch, length = observed.shape
    hidden = uniform((batch, length), generator) < options.share
    width = block_width(options, length)
    start = uniform((batch, 1), generator) * (length - width + 1)
    steps = torch.arange(length, device=observed.device)
    start = start.floor()
    hidden |= (steps >= start) & (steps < start + width)
    hidden &= observed
    return hidden & (observed & ~hidden).any(dim=1, keepdim=True)
