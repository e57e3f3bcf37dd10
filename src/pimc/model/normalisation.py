"""Normalisation of the bands of images, before any network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class BandNormalisation(nn.Module):
    """Images less the mean of each band, divided by its deviation; what is missing becomes 0."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]):
        """Keep the statistics.

        Args:
            mean: of each of the C bands, in the units of the images.
            std: of each band.
        """
        super().__init__()
        # not persistent: the encoder's configuration is the one place that keeps them
        for name, given in (("mean", mean), ("std", std)):
            values = torch.tensor(given, dtype=torch.float32)
            self.register_buffer(name, values[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """B x C x h x w float, NaN where there is no data -> the same shape, finite."""
        return (images - self.mean).div_(self.std).nan_to_num_(nan=0.0)
