"""The terms of the objective, each a module with its own heads, which no encoder keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import normalize

from pimc.model.decoder import SeriesDecoder
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.model.losses.build import build_loss
from pimc.model.losses.contrastive import ProjectionHead
from pimc.model.losses.gather import gather_rows
from pimc.pretraining.batches.loader import Batch
from pimc.pretraining.batches.unpaired import BandMap, image_view
from pimc.pretraining.galleries import Embedded
from pimc.pretraining.objective.likeness import SeriesScale
from pimc.pretraining.objective.masking import block_width, draw_hidden
from pimc.pretraining.options import PretrainingOptions, ViewAugmentation
from pimc.training.augment import (
    augment_crops,
    augment_observed,
    fill_linearly,
    to_reflectance,
)


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


class BranchProjections(nn.Module):
    """A projection head for each branch of a series encoder: branches learn apart."""

    def __init__(self, encoder: SeriesEncoder, size: int):
        super().__init__()
        self.heads = nn.ModuleList(ProjectionHead(each, size) for each in encoder.branch_sizes)

    def forward(self, parts: Iterable[Tensor]) -> list[Tensor]:
        """Embeddings of the branches (``SeriesEncoder.split``) -> B x projection size of each."""
        return [head(part) for head, part in zip(self.heads, parts, strict=True)]


class PairTerm(nn.Module):
    """A series and its crops: the loss of the paper, of each branch with the crops."""

    def __init__(self, encoders: Encoders, options: PretrainingOptions, scale: SeriesScale):
        super().__init__()
        if encoders.image is None:
            raise ValueError("pairs of series and images need an image encoder")
        self.options, self.scale, size = options, scale, options.projection_size
        self.series_heads = BranchProjections(encoders.series, size)
        self.image_head = ProjectionHead(encoders.image.embedding_size, size)
        self.losses = _branch_losses(encoders.series, options)

    def project(
        self, encoders: Encoders, series: Tensor, images: Tensor
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Embeddings of B series and of their B x K crops to both sides of each branch's loss.

        Projections of a pixel's crops are joined by their mean.
        """
        branches = self.series_heads(encoders.series.split(series))
        crops = _mean_of_dates(self.image_head(images), len(series))
        return branches, [crops] * len(branches)

    def embed(self, encoders: Encoders, batch: Batch) -> Embedded:
        """Embeddings and projections of pairs as they are."""
        series = encoders.embed_series(batch.series, batch.observed)
        images = encoders.embed_images(crops_of(batch))
        ours, theirs = (side_by_side(side) for side in self.project(encoders, series, images))
        return Embedded(series, _mean_of_dates(images, len(series)), ours, theirs)

    def forward(self, encoders: Encoders, step: Step) -> Tensor:
        """The loss of pairs, augmented in training."""
        options, generator = self.options, step.generator
        series, observed = step.batch.series, step.batch.observed
        reflectance = crops_of(step.batch)
        if step.training:
            deviation = self.scale.deviation(series)
            series, observed = augment_observed(
                series, observed, options.series, generator, deviation
            )
            reflectance = augment_crops(reflectance, options.crop, generator)
        embedded = encoders.embed_series(series, observed), encoders.embed_images(reflectance)
        return compare_branches(self.losses, *self.project(encoders, *embedded), step.alike)


class SeriesTerm(nn.Module):
    """Two views of one series: SimCLR (Chen et al. 2020) with resampling in time."""

    def __init__(self, encoders: Encoders, options: PretrainingOptions, scale: SeriesScale):
        super().__init__()
        self.options, self.scale = options, scale
        self.heads = BranchProjections(encoders.series, options.projection_size)
        self.losses = _branch_losses(encoders.series, options)

    def project(
        self, encoders: Encoders, first: Tensor, second: Tensor
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Embeddings of two views to both sides of each branch's loss."""
        ours, theirs = (self.heads(encoders.series.split(view)) for view in (first, second))
        return ours, theirs

    def forward(self, encoders: Encoders, step: Step) -> Tensor:
        """The loss of two views; those of held-out batches are changed as in training."""
        first, second = two_views(
            encoders, step.batch, self.options.view, step.generator, self.scale
        )
        return compare_branches(self.losses, *self.project(encoders, first, second), step.alike)


class MaskedTerm(nn.Module):
    """Reconstruction of hidden observations (He et al. 2022; on series Presto, Galileo)."""

    def __init__(self, encoders: Encoders, options: PretrainingOptions, scale: SeriesScale):
        super().__init__()
        self.mask, self.scale = options.objective.mask, scale
        config = encoders.series.config
        indices, length = len(config.recurrence.indices), config.calendar.length
        if not (self.mask.share or block_width(self.mask, length)):
            raise ValueError(
                f"objective.mask hides nothing: its share is 0, and its block, {self.mask.block} "
                f"of {length} calendar steps, is shorter than one; raise one of them"
            )
        self.decoders = nn.ModuleList(
            SeriesDecoder(size, indices, length) for size in encoders.series.branch_sizes
        )

    def forward(self, encoders: Encoders, step: Step) -> Tensor:
        """Mean squared error of the hidden observations, standardised; 1 is a guess's."""
        series, observed = step.batch.series, step.batch.observed
        hidden = draw_hidden(observed, self.mask, step.generator)
        kept = observed & ~hidden
        embedded = encoders.embed_series(fill_linearly(series, kept), kept)
        truth = self.scale.standardise(series)
        errors = [
            (decoder(part).float() - truth).square().mean(dim=1)
            for decoder, part in zip(self.decoders, encoders.series.split(embedded), strict=True)
        ]
        error = torch.stack(errors).mean(dim=0)
        total = gather_rows((error * hidden).sum(dim=1)).sum()
        # a batch in which nothing is hidden has no error
        return total / gather_rows(hidden.sum(dim=1)).sum().clamp(min=1)


class ImageTerm(nn.Module):
    """Two views of one unpaired image: SimCLR, from more images than have series."""

    def __init__(self, encoders: Encoders, options: PretrainingOptions, bands: BandMap | None):
        super().__init__()
        if encoders.image is None or bands is None:
            raise ValueError("views of images need an image encoder and unpaired images")
        self.options, self.bands = options, bands
        self.head = ProjectionHead(encoders.image.embedding_size, options.projection_size)
        self.loss = _pair_loss(options)

    def forward(self, encoders: Encoders, step: Step) -> Tensor:
        """The loss of two views; those of held-out images are changed as in training."""
        images, options = step.batch.images, self.options.image_view
        if images is None:
            raise ValueError("this batch has no unpaired images")
        images = self.bands.to_reflectance(images)
        views = [image_view(images, options, step.generator) for _ in range(2)]
        first, second = (
            self.head(encoders.embed_images(self.bands.to_all_bands(view))) for view in views
        )
        return compare(self.loss, first, second, None)


def build_terms(
    encoders: Encoders,
    options: PretrainingOptions,
    scale: SeriesScale,
    bands: BandMap | None = None,
) -> nn.ModuleDict:
    """The terms in use, by name; ``bands`` reads unpaired images."""
    terms: dict[str, nn.Module] = {}
    for name in options.objective.terms:
        match name:
            case "pair":
                terms[name] = PairTerm(encoders, options, scale)
            case "series":
                terms[name] = SeriesTerm(encoders, options, scale)
            case "masked":
                terms[name] = MaskedTerm(encoders, options, scale)
            case "image":
                terms[name] = ImageTerm(encoders, options, bands)
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
    encoders: Encoders,
    batch: Batch,
    options: ViewAugmentation,
    generator: Generator,
    scale: SeriesScale,
) -> tuple[Tensor, Tensor]:
    """Embeddings of two views of each series."""
    parts = batch.series, batch.observed, options, generator, scale.deviation(batch.series)
    views = [augment_observed(*parts) for _ in range(2)]
    series, observed = (torch.cat(sides) for sides in zip(*views, strict=True))
    first, second = encoders.embed_series(series, observed).chunk(2)
    return first, second


def side_by_side(projections: Sequence[Tensor]) -> Tensor:
    """Projections of branches, each of unit length: their cosine is the mean of the branches'."""
    return torch.cat([normalize(each.float()) for each in projections], dim=1)


def compare_branches(
    losses: Iterable[nn.Module],
    first: Iterable[Tensor],
    second: Iterable[Tensor],
    alike: Tensor | None,
) -> Tensor:
    """The mean loss of the branches."""
    sides = zip(losses, first, second, strict=True)
    return torch.stack([compare(loss, a, b, alike) for loss, a, b in sides]).mean()


def compare(loss: nn.Module, first: Tensor, second: Tensor, alike: Tensor | None) -> Tensor:
    """The loss of the pairs of all processes, in float32."""
    sides = gather_rows(first.float()), gather_rows(second.float())
    with torch.autocast(first.device.type, enabled=False):
        value: Tensor = loss(*sides, alike)
    return value


def _branch_losses(encoder: SeriesEncoder, options: PretrainingOptions) -> nn.ModuleList:
    return nn.ModuleList(_pair_loss(options) for _ in encoder.branch_sizes)


def _pair_loss(options: PretrainingOptions) -> nn.Module:
    objective = options.objective
    return build_loss(objective.loss, options.temperature, objective.negatives == "soft")
