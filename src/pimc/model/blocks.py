"""The residual network that both encoders are built from."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import relu

from pimc.model.architecture import Architecture

GROUP = 8
"""Channels normalised together."""


def normalisation(channels: int) -> nn.GroupNorm:
    """Normalisation of each image by itself, over groups of 8 channels.

    Not over the batch: a contrastive batch holds several pixels of one patch, and statistics
    shared by a batch tell which of its crops lie together (He et al. 2020, MoCo, section 3.3,
    had to shuffle batches for this reason). And an embedding must not depend on what else is
    embedded beside it.
    """
    return nn.GroupNorm(channels // GROUP, channels)


class ResidualBlock(nn.Module):
    """x + conv(relu(norm(conv(relu(norm(x))))))  (He et al. 2016, identity mappings).

    Normalising inside the branch alone keeps the level of the image in the sum x: reflectance
    and index levels tell land cover, and normalising x itself would remove them.
    """

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.norm1 = normalisation(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm2 = normalisation(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.dropout = nn.Dropout2d(0.0)  # of the task that trains it (`drop_channels`)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """B x inputs x h x w -> B x outputs x h' x w'."""
        y = self.conv1(relu(self.norm1(x)))
        y = self.conv2(self.dropout(relu(self.norm2(y))))
        out: Tensor = self.shortcut(x) + y
        return out


def drop_channels(network: nn.Module, share: float) -> None:
    """In training, drop a share of the channels within each residual block of a network."""
    for module in network.modules():
        if isinstance(module, nn.Dropout1d | nn.Dropout2d):
            module.p = share


class ResidualNetwork(nn.Module):
    """Stem, stages of residual blocks, mean over the image, linear map to the embedding.

    The mean over the image takes any height and width.
    """

    def __init__(self, channels: int, architecture: Architecture):
        super().__init__()
        widths = architecture.widths
        self.stem = nn.Conv2d(channels, widths[0], 3, architecture.stem_stride, padding=1)
        blocks = [
            ResidualBlock(
                inputs=width if block else before,
                outputs=width,
                stride=2 if stage and not block else 1,
            )
            for stage, (before, width) in enumerate(zip(widths[:1] + widths, widths, strict=False))
            for block in range(architecture.blocks)
        ]
        self.blocks = nn.Sequential(*blocks)
        self.embed = nn.Linear(widths[-1], architecture.embedding_size)

    def forward(self, x: Tensor) -> Tensor:
        """B x channels x h x w -> B x embedding_size."""
        features: Tensor = relu(self.blocks(self.stem(x)))
        out: Tensor = self.embed(features.mean(dim=(-2, -1)))
        return out
