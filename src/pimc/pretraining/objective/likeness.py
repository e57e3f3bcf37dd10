"""Which pixels of a batch show the same: false negatives of a contrastive loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pimc.pretraining.batches.pairs import PairData

SCALE_ROWS = 2_000
"""Training series whose mean and deviation are taken."""


@dataclass(frozen=True)
class SeriesScale:
    """Mean and standard deviation of each of the I indices over training series."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def deviation(self, series: Tensor) -> Tensor:
        """I, the standard deviations, of the dtype and on the device of some series."""
        return series.new_tensor(self.std)

    def standardise(self, series: Tensor) -> Tensor:
        """B x I x L to mean 0 and deviation 1 of each index."""
        mean, std = (series.new_tensor(values)[:, None] for values in (self.mean, self.std))
        return (series - mean) / std


def series_scale(data: PairData, rows: np.ndarray) -> SeriesScale:
    """Mean and deviation over up to ``SCALE_ROWS`` series, spread evenly over ``rows``.

    Raises:
        ValueError: if an index has one value everywhere.
    """
    spread = np.unique(np.linspace(0, len(rows) - 1, SCALE_ROWS).astype(np.int64))
    series = np.asarray(data.index_series[rows[spread]], np.float64)
    mean, std = series.mean(axis=(0, 2)), series.std(axis=(0, 2))
    if (std == 0).any():
        flat = np.flatnonzero(std == 0).tolist()
        raise ValueError(f"training series of index {flat} have one value everywhere")
    return SeriesScale(tuple(mean.tolist()), tuple(std.tolist()))


def find_alike(
    ground: Tensor, series: Tensor, scale: SeriesScale, side: int, near: float
) -> Tensor:
    """Pixels of one parcel, of overlapping crops, or with nearly the same series.

    Args:
        ground: N x 3 int, parcel (negative for none), y and x on one common ground.
        series: N x I x L float32.
        scale: of the indices.
        side: rows and columns of a crop; 1 where there are no crops.
        near: root mean square difference of standardised series below which they are the same.

    Returns:
        N x N bool, symmetric; the diagonal is False.
    """
    parcel, y, x = ground.unbind(dim=1)
    alike = (parcel[:, None] == parcel) & (parcel >= 0)
    alike |= ((y[:, None] - y).abs() < side) & ((x[:, None] - x).abs() < side)
    if near:
        flat = scale.standardise(series.float()).flatten(1)
        # not by matrix products, which lose the small distances that are asked for
        apart = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist")
        alike |= apart / flat.shape[1] ** 0.5 < near
    return alike.fill_diagonal_(False)
