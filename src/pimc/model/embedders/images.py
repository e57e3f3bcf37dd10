"""An encoder of images that takes their bands in any order, or some of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, overload

import numpy as np

from pimc.data.given import given_bands, pick_bands, reflectance_scale, store_reflectance
from pimc.data.labelled import embedded_like, is_labelled, labels, ordered
from pimc.data.patch import FILL, REFLECTANCE_SCALE
from pimc.model.adapt import adapt_image_encoder, common_bands
from pimc.model.embedders.batches import parts, run_network, spread
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.model.encoders import ImageEncoder

if TYPE_CHECKING:
    from xarray import DataArray

logger = logging.getLogger(__name__)

TOGETHER = 32
"""Images that go through an encoder in one go: what its layers give stays in the cache of a CPU."""


class ImageEmbedder:
    """An encoder of images that takes bands in any order, or some of them.

    Attributes:
        network: reads images of ``bands``; in evaluation mode.
    """

    def __init__(self, network: ImageEncoder):
        self.network = network.eval()

    @property
    def config(self) -> ImageEncoderConfig:
        """What the network is built from: bands and their statistics, ground it has seen."""
        return self.network.config

    @property
    def bands(self) -> tuple[str, ...]:
        """That the encoder reads."""
        return self.config.bands

    @property
    def embedding_size(self) -> int:
        """D, length of an embedding."""
        return self.network.embedding_size

    @overload
    def embed(self, images: DataArray) -> DataArray: ...

    @overload
    def embed(self, images: np.ndarray, bands: Iterable[str]) -> np.ndarray: ...

    def embed(
        self, images: np.ndarray | DataArray, bands: Iterable[str] | None = None
    ) -> np.ndarray | DataArray:
        """Embed images.

        Args:
            images: images x bands x rows x columns, at least 8 x 8 pixels; floats of 0..1, NaN
                where there is no data, or integers x 10,000, -32768 there. Or an array of xarray
                with axes band, y and x, and any others.
            bands: of the second axis, in any order; those that the encoder knows are read, and
                those that are missing count as their mean. Of an array of xarray its coordinate
                is read.

        Returns:
            Images x D float32, NaN for images without any data.

        Raises:
            ValueError: for another unit, no band that the encoder knows, or images too small.
        """
        if is_labelled(images):
            labelled = ordered(images, ("band", "y", "x"), "images")
            bands = labels(labelled, -3, "images") if bands is None else bands
            return embedded_like(labelled, self._embed(labelled, bands))
        if bands is None:
            raise ValueError("expected bands beside an array, got none; give their names")
        array = np.asarray(images)
        if array.ndim != 4:
            raise ValueError(f"expected images x bands x rows x columns, got shape {array.shape}")
        return self._embed(array, bands)

    def _embed(self, array: np.ndarray | DataArray, bands: Iterable[str]) -> np.ndarray:
        names, outer = given_bands(bands, "bands"), array.shape[:-3]
        if array.shape[-3] != len(names):
            raise ValueError(
                f"expected images of {len(names)} bands ({', '.join(names)}), got shape "
                f"{tuple(array.shape)}"
            )
        network = self._reading(names)
        columns = pick_bands(names, network.config.bands, "the image encoder")
        scale = reflectance_scale(spread(array, outer)[..., columns, :, :], "images")
        embedded = np.full((*outer, self.embedding_size), np.nan, np.float32)
        for rows in parts(outer, TOGETHER):
            part = np.asarray(array[rows])[..., columns, :, :]
            values = _reflectance(part.reshape(-1, *part.shape[-3:]), scale)
            result = run_network(network, values, TOGETHER)
            result[np.isnan(values).all(axis=(1, 2, 3))] = np.nan
            embedded[rows] = result.reshape(embedded[rows].shape)
        return embedded

    def _reading(self, bands: tuple[str, ...]) -> ImageEncoder:
        """The network itself, or a copy that reads those of its bands that there are."""
        used = common_bands(self.network, bands)
        if used == self.bands:
            return self.network
        missing = [band for band in self.bands if band not in used]
        logger.warning("the images lack %s: they count as their mean", ", ".join(missing))
        places = [self.bands.index(band) for band in used]
        mean, std = ([values[p] for p in places] for values in (self.config.mean, self.config.std))
        adapted = adapt_image_encoder(self.network, used, mean, std)
        if not isinstance(adapted, ImageEncoder):
            raise TypeError(f"expected an encoder of images of ours, got {type(adapted).__name__}")
        return adapted.eval()


def _reflectance(images: np.ndarray, scale: float) -> np.ndarray:
    """N x C x h x w float32 of 0..1, NaN where there is no data."""
    stored = store_reflectance(images, scale)
    known = stored != FILL
    if scale != 1:  # integers cannot say NaN: 0 in all bands is no ground
        known &= (images != 0).any(axis=1, keepdims=True)
    return np.where(known, stored / np.float32(REFLECTANCE_SCALE), np.float32(np.nan))
