"""Arrays of any size, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from xarray import DataArray

    from pimc.model.encoders import ImageEncoder, SeriesEncoder

JUDGED = 4_096
"""Pixels or images, spread over an array, whose values tell its unit."""


def run_network(
    network: SeriesEncoder | ImageEncoder, inputs: np.ndarray, together: int
) -> np.ndarray:
    """What a network gives for many inputs, N x D float32, on its own device.

    Args:
        network: in evaluation mode.
        inputs: N x ... float32.
        together: inputs of a batch.
    """
    if not len(inputs):
        return np.empty((0, network.embedding_size), np.float32)
    device = next(network.parameters()).device
    with torch.inference_mode():
        embedded = [
            network(part.to(device)).float().cpu()
            for part in torch.split(torch.from_numpy(inputs), together)
        ]
    return torch.cat(embedded).numpy()


def parts(outer: tuple[int, ...], wanted: int) -> Iterator[slice]:
    """Slices of the first of some axes that hold about so many cells each."""
    step = max(1, wanted // max(1, prod(outer[1:])))
    return (slice(first, first + step) for first in range(0, outer[0], step))


def spread(array: np.ndarray | DataArray, outer: tuple[int, ...]) -> np.ndarray:
    """A few of its rows, from all over an array."""
    rows = max(8, JUDGED // max(1, prod(outer[1:])))
    return np.asarray(array[:: max(1, outer[0] // rows)])
