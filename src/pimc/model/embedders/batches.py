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
    from pimc.signal.pixel_series import PixelSeries

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


def embed_made(network: SeriesEncoder, made: PixelSeries, together: int) -> np.ndarray:
    """Embeddings P x D float32 of series that were made; NaN where a pixel has none.

    Args:
        network: in evaluation mode.
        made: series of P pixels.
        together: series of a batch.
    """
    embedded = np.full((len(made.series), network.embedding_size), np.nan, np.float32)
    series = made.series[made.has_series]
    if network.reads_observed:
        observed = made.observed[made.has_series, None].astype(np.float32)
        series = np.concatenate([series, observed], axis=1)
    embedded[made.has_series] = run_network(network, series, together)
    return embedded


def parts(outer: tuple[int, ...], wanted: int) -> Iterator[slice]:
    """Slices of the first of some axes that hold about so many cells each."""
    step = max(1, wanted // max(1, prod(outer[1:])))
    return (slice(first, first + step) for first in range(0, outer[0], step))


def spread(array: np.ndarray | DataArray, outer: tuple[int, ...]) -> np.ndarray:
    """A few of its rows, from all over an array."""
    rows = max(8, JUDGED // max(1, prod(outer[1:])))
    return np.asarray(array[:: max(1, outer[0] // rows)])
