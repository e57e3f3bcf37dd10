"""The terms of the objective, each a module with its own heads, which no encoder keeps."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from pimc.learning.augment import (
    augment_crops,
    augment_observed,
    fill_linearly,
    to_reflectance,
)
from pimc.learning.batches import Batch
from pimc.learning.evaluation import Embedded
from pimc.learning.likeness import SeriesScale
from pimc.learning.masking import draw_hidden
from pimc.learning.options import PretrainingOptions, ViewAugmentation
from pimc.learning.unpaired import image_view
from pimc.model.contrastive import ProjectionHead
from pimc.model.decoder import SeriesDecoder
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.model.gather import gather_rows
from pimc.model.losses import build_loss


class Encoders(NamedTuple):
    """What is trained; without images, the series encoder alone."""

    series: SeriesEncoder
    image: ImageEncoder | None

    def embed_series(self, series: Tensor, observed: Tensor) -> Tensor:
        """B x I x L and B x L bool -> B x embedding size."""
        if self.series.reads_observed:
            series = torch.cat([series, observed[:, None].to(series.dtype)], dim=1)
        embedded: Tensor = self.series(series)
        return embedded

    def embed_images(self, reflectance: Tensor) -> Tensor:
        """B x C x h x w -> B x embedding size."""
        if self.image is None:
            raise ValueError("this objective trains no image encoder")
        embedded: Tensor = self.image(reflectance)
        return embedded


class Step(NamedTuple):
    """What a term is computed from.

    Attributes:
        batch: of this process.
        alike: N x N bool, which pixels of all processes show the same; None where it does not
            count.
        generator: of all draws, on the batch's device.
        training: whether pairs are augmented.
    """

    batch: Batch
    alike: Tensor | None
    generator: Generator
    training: bool


class PairTerm(nn.Module):
    """A series and its crops: the loss of the paper."""

    def __init__(self, encoders: Encoders, options: PretrainingOptions):
        super().__init__()
        if encoders.image is None:
            raise ValueError("pairs of series and images need an image encoder")
        self.options, size = options, options.projection_size
        self.series_head = ProjectionHead(encoders.series.embedding_size, size)
        self.image_head = ProjectionHead(encoders.image.embedding_size, size)
        self.loss = _pair_loss(options)

    def embed(
        self, encoders: Encoders, series: Tensor, observed: Tensor, reflectance: Tensor
    ) -> Embedded:
        """Embeddings and projections of pairs; those of B x K crops are their means over K."""
        embedded = encoders.embed_series(series, observed)
        images = encoders.embed_images(reflectance)
        projected = _mean_of_dates(self.image_head(images), len(series))
        images = _mean_of_dates(images, len(series))
        return Embedded(embedded, images, self.series_head(embedded), projected)

    def forward(self, encoders: Encoders, step: Step) -> Tensor:
        """The loss of pairs, augmented in training."""
        options, generator = self.options, step.generator
        series, observed = step.batch.series, step.batch.observed
        reflectance = crops_of(step.batch)
        if step.training:
            series, observed = augment_observed(series, observed, options.series, generator)
            reflectance = augment_crops(reflectance, options.crop, generator)
        embedded = self.embed(encoders, series, observed, reflectance)
        sides = (embedded.series_projection, embedded.other_projection)
        return compare(self.loss, *sides, step.alike)


class SeriesTerm(nn.Module):
    """Two views of one series: SimCLR (Chen et al. 2020) with resampling in time."""

    def __init__(self, encoders: Encoders, options: PretrainingOptions):
        super().__init__()
        self.options = options
        self.head = ProjectionHead(encoders.series.embedding_size, options.projection_size)
        self.loss = _pair_loss(options)

    def forward(self, encoders: Encoders, step: Step) -> Tensor:
        """The loss of two views; those of held-out batches are changed as in training."""
        first, second = two_views(encoders, step.batch, self.options.view, step.generator)
        return compare(self.loss, self.head(first), self.head(second), step.alike)


class MaskedTerm(nn.Module):
    """Reconstruction of hidden observations (He et al. 2022; on series Presto, Galileo)."""

    def __init__(self, encoders: Encoders, options: PretrainingOptions, scale: SeriesScale):
        super().__init__()
        self.mask, self.scale = options.objective.mask, scale
        config = encoders.series.config
        self.decoder = SeriesDecoder(
            encoders.series.embedding_size, len(config.recurrence.indices), config.calendar.length
        )

    def forward(self, encoders: Encoders, step: Step) -> Tensor:
        """Mean squared error of the hidden observations, standardised; 1 is a guess's."""
        series, observed = step.batch.series, step.batch.observed
        hidden = draw_hidden(observed, self.mask, step.generator)
        kept = observed & ~hidden
        seen = fill_linearly(series, kept)
        predicted = self.decoder(encoders.embed_series(seen, kept)).float()
        error = (predicted - self.scale.standardise(series)).square().mean(dim=1)
        total = gather_rows((error * hidden).sum(dim=1)).sum()
        # a batch in which nothing is hidden has no error
        return total / gather_rows(hidden.sum(dim=1)).sum().clamp(min=1)


class ImageTerm(nn.Module):
    """Two views of one unpaired image: SimCLR, from more images than have series."""

    def __init__(self, encoders: Encoders, options: PretrainingOptions):
        super().__init__()
        if encoders.image is None:
            raise ValueError("views of images need an image encoder")
        self.options = options
        self.head = ProjectionHead(encoders.image.embedding_size, options.projection_size)
        self.loss = _pair_loss(options)

    def forward(self, encoders: Encoders, step: Step) -> Tensor:
        """The loss of two views; those of held-out images are changed as in training."""
        images, options = step.batch.images, self.options.image_view
        if images is None:
            raise ValueError("this batch has no unpaired images")
        views = [image_view(images, options, step.generator) for _ in range(2)]
        first, second = (self.head(encoders.embed_images(view)) for view in views)
        return compare(self.loss, first, second, None)


def build_terms(
    encoders: Encoders, options: PretrainingOptions, scale: SeriesScale
) -> nn.ModuleDict:
    """The terms in use, by name."""
    terms: dict[str, nn.Module] = {}
    for name in options.objective.terms:
        match name:
            case "pair":
                terms[name] = PairTerm(encoders, options)
            case "series":
                terms[name] = SeriesTerm(encoders, options)
            case "masked":
                terms[name] = MaskedTerm(encoders, options, scale)
            case "image":
                terms[name] = ImageTerm(encoders, options)
    return nn.ModuleDict(terms)


def crops_of(batch: Batch) -> Tensor:
    """Crops as reflectance, (B K) x C x side x side."""
    if batch.crops is None:
        raise ValueError("this batch has no images")
    return to_reflectance(batch.crops.flatten(0, 1))


def _mean_of_dates(vectors: Tensor, pixels: int) -> Tensor:
    """(B K) x D -> B x D."""
    return vectors.reshape(pixels, -1, vectors.shape[1]).mean(dim=1)


def two_views(
    encoders: Encoders, batch: Batch, options: ViewAugmentation, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Embeddings of two views of each series."""
    parts = batch.series, batch.observed
    views = [augment_observed(*parts, options, generator) for _ in range(2)]
    series, observed = (torch.cat(sides) for sides in zip(*views, strict=True))
    first, second = encoders.embed_series(series, observed).chunk(2)
    return first, second


def compare(loss: nn.Module, first: Tensor, second: Tensor, alike: Tensor | None) -> Tensor:
    """The loss of the pairs of all processes."""
    value: Tensor = loss(gather_rows(first), gather_rows(second), alike)
    return value


def _pair_loss(options: PretrainingOptions) -> nn.Module:
    objective = options.objective
    return build_loss(objective.loss, options.temperature, objective.negatives == "soft")
