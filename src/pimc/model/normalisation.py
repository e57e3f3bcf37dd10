"""Normalisation of the bands of images, before any network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

BRIGHTEST = 2.0
"""Reflectance of clouds and snow stays below; only glint is brighter, in few pixels."""

JUDGED = 4096
"""So many values of a batch tell its unit."""

STEP = 7_368_787
"""From one of these values to the next."""


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


def check_reflectance(images: Tensor) -> None:
    """Refuse images that are plainly not reflectance in 0..1.

    The upper tenth of a spread of values judges, not the greatest: a fill value is no unit.

    Args:
        images: B x C x h x w float, NaN where there is no data.

    Raises:
        ValueError: which unit they look like.
    """
    count = images.numel()
    # by a great prime: an even step could meet one column or band again and again
    cells = torch.arange(min(count, JUDGED), device=images.device) * STEP % max(count, 1)
    judged = images.detach()[torch.unravel_index(cells, images.shape)].float()
    judged = judged[judged.isfinite()]
    if not len(judged):
        return
    bright = float(judged.quantile(0.9))
    if bright > BRIGHTEST:
        unit = "percent" if bright <= 130 else "8 bit" if bright <= 255 else "reflectance x 10,000"
        raise ValueError(
            f"expected images of reflectance in 0..1, got values of which a tenth are above "
            f"{bright:g}: they look like {unit}; divide them"
        )
