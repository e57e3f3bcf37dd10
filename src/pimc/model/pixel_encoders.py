"""A pixel as both encoders see it: its series, and the images around it at its clear dates."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pimc.model.encoders import ImageEncoder, SeriesEncoder

TOGETHER = 128
"""Crops that are embedded at a time: those of a batch of pixels would fill gigabytes, and what a
layer gives of so many stays in the cache of a processor."""


@dataclass(frozen=True, eq=False)
class Crops:
    """Images around some pixels, of each as many as it has clear dates.

    Attributes:
        images: M x C x side x side float32 reflectance, NaN where there is no data; those of one
            pixel after the other.
        counts: B int64, images of each pixel, at least one; their sum is M.
    """

    images: Tensor
    counts: Tensor

    def to(self, device: torch.device) -> Crops:
        """The same on another device."""
        return Crops(self.images.to(device), self.counts.to(device))


@dataclass(frozen=True, eq=False)
class PixelViews:
    """Some pixels as both encoders see them.

    Attributes:
        series: B x I x L float32, or a row more, of observed dates.
        crops: around the same pixels.
    """

    series: Tensor
    crops: Crops

    def to(self, device: torch.device) -> PixelViews:
        """The same on another device."""
        return PixelViews(self.series.to(device), self.crops.to(device))


class CropEncoder(nn.Module):
    """Crops of a pixel -> the mean of their embeddings; in training that of one of them.

    Which one is drawn at each step: a date more or less keeps what grows there, as in pretraining,
    and a step costs one crop a pixel instead of all.
    """

    def __init__(self, images: ImageEncoder):
        super().__init__()
        self.images = images

    @property
    def branch_sizes(self) -> tuple[int, ...]:
        """Length of the embedding."""
        return (self.images.embedding_size,)

    def forward(self, crops: Crops) -> Tensor:
        """Crops of B pixels -> B x embedding_size."""
        counts = crops.counts
        first = counts.cumsum(dim=0) - counts
        if self.training:
            # from torch's global generator, as dropout
            drawn = torch.rand(len(counts), device=counts.device) * counts
            embedded: Tensor = self.images(crops.images[first + drawn.long()])
            return embedded
        pixel = torch.repeat_interleave(counts)
        every = torch.cat([self.images(part) for part in torch.split(crops.images, TOGETHER)])
        sums = every.new_zeros((len(counts), every.shape[1])).index_add_(0, pixel, every)
        mean: Tensor = sums / counts[:, None]
        return mean


class BelowBands(nn.Module):
    """The encoder of index series that lie below the series of C bands, which it does not read."""

    def __init__(self, series: SeriesEncoder, bands: int):
        super().__init__()
        self.series, self.bands = series, bands

    @property
    def reads_observed(self) -> bool:
        """Whether a row of observed dates below the series changes the embedding."""
        return self.series.reads_observed

    @property
    def branch_sizes(self) -> tuple[int, ...]:
        """Length of the embedding of each branch, in the order in which they lie."""
        return self.series.branch_sizes

    def forward(self, series: Tensor) -> Tensor:
        """B x (C + I) x L float32, or a row more, of observed dates -> B x embedding_size."""
        out: Tensor = self.series(series[:, self.bands :])
        return out


class PixelEncoder(nn.Module):
    """Both encoders of a pixel as one: the embeddings of series and crops lie side by side."""

    def __init__(self, series: SeriesEncoder | BelowBands, crops: CropEncoder):
        super().__init__()
        self.series, self.crops = series, crops

    @property
    def reads_observed(self) -> bool:
        """Whether a row of observed dates below the series changes the embedding."""
        return self.series.reads_observed

    @property
    def branch_sizes(self) -> tuple[int, ...]:
        """Length of the embedding of each branch, in the order in which they lie."""
        return (*self.series.branch_sizes, *self.crops.branch_sizes)

    def forward(self, views: PixelViews) -> Tensor:
        """Series and crops of B pixels -> B x the sum of all branches."""
        return torch.cat([self.series(views.series), self.crops(views.crops)], dim=1)


Encoder = SeriesEncoder | BelowBands | CropEncoder | PixelEncoder
"""What an arm on pixels trains, beside a network on series or by itself."""
