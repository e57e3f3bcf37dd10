"""Changes of whole images that keep their class, a batch at a time, on its device."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from pimc.training.augment_options import ImageAugmentation
from pimc.training.shares import integers, normal
from pimc.training.symmetries import SYMMETRIES, turn_each


def augment_images(
    images: Tensor,
    targets: Tensor,
    options: ImageAugmentation,
    std: Sequence[float],
    generator: Generator,
) -> tuple[Tensor, Tensor]:
    """Turn, shift, recolour and mix training images.

    Args:
        images: B x C x side x side float, in any unit.
        targets: B x K float, shares of the classes.
        options: strengths.
        std: of each of the C bands over training images, in the same unit.
        generator: of all draws, on the images' device.

    Returns:
        Changed images and targets of the same shapes.
    """
    if options.turns:
        images = turn(images, generator)
    if options.shift:
        images = shift(images, options.shift, generator)
    if options.colour:
        images = recolour(images, options.colour, std, generator)
    if options.cutmix:
        images, targets = cut_and_mix(images, targets, options.cutmix, generator)
    return images, targets


def turn(images: Tensor, generator: Generator) -> Tensor:
    """One of the eight symmetries of each image."""
    drawn = integers(0, SYMMETRIES, (len(images),), generator)
    return turn_each(images, drawn)


def shift(images: Tensor, most: int, generator: Generator) -> Tensor:
    """Move each image by up to ``most`` pixels along both axes; what comes in is its reflection."""
    count, _, rows, cols = images.shape
    for axis, side in ((2, rows), (3, cols)):
        moved = torch.arange(side, device=images.device)
        moved = moved + integers(-most, most + 1, (count, 1), generator)
        # ... 2 1 | 0 1 ... n-1 | n-2 n-3 ...
        inside = (side - 1) - ((side - 1) - moved.abs()).abs()
        shape = (count, 1, side, 1) if axis == 2 else (count, 1, 1, side)
        images = images.gather(axis, inside.reshape(shape).expand_as(images))
    return images


def recolour(images: Tensor, strength: float, std: Sequence[float], generator: Generator) -> Tensor:
    """Change contrast and brightness of each image, and a little less the level of each band.

    With m the mean of an image's band, x' = m + (x - m) exp(k z) + k s (z' + z'' / 2), where k is
    the strength, s the band's standard deviation, z and z' are normal and common to the bands, and
    z'' normal for each band.
    """
    count, bands = images.shape[:2]
    spread = torch.tensor(std, dtype=images.dtype, device=images.device)[:, None, None]
    contrast, brightness = strength * normal((2, count, 1, 1, 1), generator, axis=1)
    tint = strength / 2 * normal((count, bands, 1, 1), generator)
    level = images.mean(dim=(2, 3), keepdim=True)
    changed: Tensor = level + (images - level) * contrast.exp() + spread * (brightness + tint)
    return changed


def cut_and_mix(
    images: Tensor, targets: Tensor, probability: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Put a rectangle of another image of the batch into each, with its share of the target.

    Yun et al. 2019 (CutMix, arXiv 1905.04899), with one rectangle a batch: its share of the area
    is uniform in 0..1 before what lies outside the image is cut off.
    """
    drawn = torch.rand(4, generator=generator, device=generator.device).tolist()
    if drawn[0] >= probability:
        return images, targets
    rows, cols = images.shape[2:]
    top, bottom = _extent(rows, drawn[1], drawn[2])
    left, right = _extent(cols, drawn[1], drawn[3])
    other = torch.randperm(len(images), generator=generator, device=generator.device)
    mixed = images.clone()
    mixed[:, :, top:bottom, left:right] = images[other, :, top:bottom, left:right]
    share = (bottom - top) * (right - left) / (rows * cols)
    return mixed, torch.lerp(targets, targets[other], share)


def _extent(side: int, share: float, centre: float) -> tuple[int, int]:
    """Where a rectangle that covers ``share`` of the area begins and ends along one axis."""
    half = math.sqrt(share) * side / 2
    middle = centre * side
    return max(0, round(middle - half)), min(side, round(middle + half))
