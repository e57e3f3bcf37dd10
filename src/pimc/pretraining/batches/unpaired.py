"""Batches of images that belong to no series, read as an image encoder reads reflectance."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import grid_sample

from pimc.data.unpaired_images import UnpairedImages
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.pretraining.options import ImageViewOptions
from pimc.training.augment import augment_crops
from pimc.training.shares import WHOLE, Share, uniform

logger = logging.getLogger(__name__)

STATISTICS_IMAGES = 512
"""Images from which the statistics of their bands are taken: two million pixels of a band."""

HELD_OUT = 0.1
"""Share of the images on which the term is measured."""


class BandMap(nn.Module):
    """Images of some bands, in their own units -> reflectance of all the encoder's bands.

    Each band is mapped to the mean and deviation it has in the images of the series, because
    8-bit images have no known unit (``pimc.model.adapt`` reads them in the same way). Bands that
    the images lack are NaN.
    """

    factor: Tensor
    offset: Tensor

    def __init__(self, places: Sequence[int], bands: int, factor: Tensor, offset: Tensor):
        """Describe the map.

        Args:
            places: of the C' bands of the images among the encoder's.
            bands: C, how many the encoder has.
            factor: C' x 1 x 1.
            offset: C' x 1 x 1.
        """
        super().__init__()
        self.places, self.bands = list(places), bands
        self.register_buffer("factor", factor)
        self.register_buffer("offset", offset)

    def to_reflectance(self, images: Tensor) -> Tensor:
        """B x C' x h x w of any type -> float32 reflectance."""
        return images.float() * self.factor + self.offset

    def to_all_bands(self, reflectance: Tensor) -> Tensor:
        """B x C' x h x w -> B x C x h x w."""
        shape = (len(reflectance), self.bands, *reflectance.shape[2:])
        out = reflectance.new_full(shape, torch.nan)
        out[:, self.places] = reflectance
        return out


class UnpairedSource:
    """Draws batches of unpaired images; bands that the encoder lacks are left out."""

    def __init__(
        self,
        images: UnpairedImages,
        config: ImageEncoderConfig,
        count: int,
        seed: int,
        share: Share = WHOLE,
    ):
        """Take the statistics and hold some images out.

        Args:
            images: in their own units.
            config: of the encoder that will read them.
            count: images of a batch.
            seed: of all draws.
            share: of each batch, which is drawn.

        Raises:
            ValueError: if images and encoder share no band, or there are too few images.
        """
        self.images, self.count, self.seed, self.share = images.images, count, seed, share
        order = np.random.default_rng(seed).permutation(images.rows)
        kept = round(HELD_OUT * len(order))
        self.held_out_rows, self.training_rows = order[:kept], order[kept:]
        least = max(2, share.processes)
        if min(len(self.held_out_rows), len(self.training_rows), count) < least:
            raise ValueError(f"expected images for two batches of {least}, got {len(order)}")
        bands = list(images.bands)
        self._from = [bands.index(band) for band in config.bands if band in bands]
        places = [place for place, band in enumerate(config.bands) if band in bands]
        if not places:
            raise ValueError(
                f"unpaired images of {', '.join(bands)} have none of the encoder's bands "
                f"{', '.join(config.bands)}"
            )
        self.band_map = BandMap(places, len(config.bands), *self._fit_map(config, places))
        logger.info("%d unpaired images, %d held out", len(order), kept)

    @property
    def held_out_size(self) -> int:
        """Images of a validation step: fewer than of a training step where there are few."""
        return self._together(self.held_out_rows)

    def training(self, epoch: int, step: int) -> Tensor:
        """Images of a training step, B' x C' x H x W, as they are; ``band_map`` reads them."""
        return self._draw(self.training_rows, (0, epoch, step))

    def held_out(self, step: int) -> Tensor:
        """Images of a validation step, the same at every epoch."""
        return self._draw(self.held_out_rows, (1, step))

    def _draw(self, rows: np.ndarray, number: tuple[int, ...]) -> Tensor:
        rng = np.random.default_rng([self.seed, *number])
        drawn = np.sort(rng.choice(rows, self._together(rows), replace=False))
        drawn = drawn[self.share.of(len(drawn))]
        return torch.from_numpy(np.asarray(self.images[drawn])[:, self._from])

    def _together(self, rows: np.ndarray) -> int:
        """Images of a batch, of all processes, that is drawn from some rows."""
        return self.share.whole(min(self.count, len(rows)))

    def _fit_map(self, config: ImageEncoderConfig, places: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Factor and offset of each common band, C' x 1 x 1."""
        some = np.sort(self.training_rows[:STATISTICS_IMAGES])
        values = np.asarray(self.images[some])[:, self._from].astype(np.float64)
        mean, std = values.mean(axis=(0, 2, 3)), values.std(axis=(0, 2, 3))
        if (std == 0).any():
            raise ValueError("a band of the unpaired images has one value everywhere")
        wanted_mean, wanted_std = (
            np.array(each)[list(places)] for each in (config.mean, config.std)
        )
        factor = wanted_std / std
        maps = np.stack([factor, wanted_mean - factor * mean])[:, :, None, None]
        scale, shift = torch.from_numpy(maps.astype(np.float32))
        return scale, shift


def image_view(images: Tensor, options: ImageViewOptions, generator: Generator) -> Tensor:
    """One view of each image: a square part of it, brought to one size, turned and recoloured.

    Parts have different sizes, so that the encoder meets the same ground at other scales and in
    another context (SimCLR, Chen et al. 2020, section 3.1).

    Args:
        images: B x C x H x W float32 reflectance.
        options: sides and strengths.
        generator: of all draws, on the images' device.

    Returns:
        B x C x side x side.

    Raises:
        ValueError: if the images are smaller than the smallest part.
    """
    count, (rows, cols) = len(images), images.shape[2:]
    largest = min(options.largest, rows, cols)
    if largest < options.smallest:
        raise ValueError(
            f"views of {options.smallest} pixels and more do not fit in images of {rows} x {cols}"
        )
    drawn = uniform((3, count), generator, axis=1)
    part = options.smallest + (largest - options.smallest) * drawn[0]
    # positions run from -1 to 1 over the image; a part of size s has its centre within 1 - s
    sizes = torch.stack([part / cols, part / rows])
    centres = (1 - sizes) * (2 * drawn[1:] - 1)
    # not torch's affine_grid: a matrix product, which mixed precision would round to bfloat16
    steps = (2 * torch.arange(options.side, device=images.device) + 1) / options.side - 1
    x, y = centres[:, :, None] + sizes[:, :, None] * steps
    shape = (-1, options.side, options.side)
    grid = torch.stack([x[:, None].expand(shape), y[:, :, None].expand(shape)], dim=-1)
    parts = grid_sample(images, grid, padding_mode="border", align_corners=False)
    return augment_crops(parts, options, generator)
