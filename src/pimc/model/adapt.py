"""An image encoder for images of fewer bands, other units and another size than its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from pimc.model.architecture import Architecture
from pimc.model.backbone.network import Backbone
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder, check_calendar
from pimc.signal.calendar import CalendarOptions, calendar_shift

AnyImageEncoder = ImageEncoder | Backbone
"""Ours, or a network of others: both have bands and a first convolution that reads them."""


def common_bands(encoder: AnyImageEncoder, bands: Sequence[str]) -> tuple[str, ...]:
    """Those of the encoder's bands that the images have, in the encoder's order.

    Raises:
        ValueError: if there is none.
    """
    shared = tuple(band for band in encoder.config.bands if band in bands)
    if not shared:
        raise ValueError(
            f"the image encoder reads {', '.join(encoder.config.bands)}, and the images have none "
            f"of these bands but {', '.join(bands)}"
        )
    return shared


def adapt_image_encoder(
    encoder: AnyImageEncoder,
    bands: Sequence[str],
    mean: Sequence[float],
    std: Sequence[float],
    stem_stride: int | None = None,
) -> AnyImageEncoder:
    """A copy of an encoder that reads some of its bands, in the units of the images.

    The first convolution is restricted to those bands. That is the encoder itself with the
    missing bands at their mean: normalised, the mean is 0 and adds nothing to a convolution.

    Each band of the images is normalised by its own mean and deviation, which is the affine map
    that gives it the mean and deviation the encoder was trained on. 8-bit images, whose scaling
    to reflectance is unknown, and reflectance at the top of the atmosphere are both read this way.

    Args:
        encoder: is not changed.
        bands: as ``common_bands`` gives them.
        mean: of each of ``bands`` over training images, in their units.
        std: of each of ``bands``.
        stem_stride: of the copy; None keeps the encoder's. Our weights fit any; a backbone has
            its own alone.

    Raises:
        ValueError: for a band that the encoder does not have, or a ``stem_stride`` of a backbone.
    """
    own = encoder.config.bands
    unknown = [band for band in bands if band not in own]
    if unknown:
        raise ValueError(
            f"the image encoder reads {', '.join(own)}; it has no {', '.join(unknown)}"
        )
    changes: dict[str, Any] = {"bands": tuple(bands), "mean": tuple(mean), "std": tuple(std)}
    if stem_stride is not None:
        if isinstance(encoder, Backbone):
            raise ValueError(f"{encoder.config.model} has its own stride: stem_stride must be null")
        changes["architecture"] = replace(encoder.config.architecture, stem_stride=stem_stride)
    adapted = _rebuild(encoder, **changes)
    places = [own.index(band) for band in bands]
    weights = encoder.state_dict()
    stems = encoder.stems if isinstance(encoder, Backbone) else ("network.stem.weight",)
    adapted.load_state_dict({**weights, **{stem: weights[stem][:, places] for stem in stems}})
    return adapted


def reset_weights(encoder: AnyImageEncoder, seed: int) -> AnyImageEncoder:
    """An encoder of the same configuration with first weights that hang on the seed alone.

    Every branch of a backbone takes part: some networks of timm begin with residual branches that
    a normalisation multiplies by 0, and frozen they would be their shortcuts alone.
    """
    # torch draws first weights from its global generator only: it is put back afterwards
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = _rebuild(encoder)
    for module in fresh.modules():
        scale = getattr(module, "weight", None)
        if isinstance(scale, nn.Parameter) and scale.ndim == 1 and not scale.any():
            nn.init.ones_(scale)
    return fresh


def _rebuild(encoder: AnyImageEncoder, **changes: Any) -> AnyImageEncoder:  # noqa: ANN401
    """An encoder with first weights, of the same configuration but for some changes."""
    if isinstance(encoder, Backbone):
        return Backbone(replace(encoder.config, **changes))
    return ImageEncoder(replace(encoder.config, **changes))


def blank_image_encoder(architecture: Architecture, bands: Sequence[str]) -> ImageEncoder:
    """An encoder of these bands that has seen nothing: first weights, no normalisation."""
    count = len(bands)
    return ImageEncoder(
        ImageEncoderConfig(architecture, tuple(bands), (0.0,) * count, (1.0,) * count)
    )


def shorten(encoder: SeriesEncoder, length: int) -> SeriesEncoder:
    """The same encoder for shorter series, the first steps of its calendar.

    Its weights do not hang on the side of a plot: the network takes the mean over the image.
    """
    calendar = replace(encoder.config.calendar, length=length)
    short = SeriesEncoder(replace(encoder.config, calendar=calendar))
    short.load_state_dict(encoder.state_dict())
    return short.eval()


class ResampledEncoder(SeriesEncoder):
    """An encoder that reads series of another calendar, by lines between their steps.

    Days of its own calendar before or after the other one get the series' first or last value, as
    every series beyond its observations does, and count as not observed.
    """

    matrix: Tensor
    inside: Tensor

    def __init__(self, encoder: SeriesEncoder, calendar: CalendarOptions):
        """Copy an encoder.

        Args:
            encoder: is not changed.
            calendar: of the series that the copy reads.

        Raises:
            ValueError: if less than half of the encoder's calendar lies within the other.
        """
        super().__init__(encoder.config)
        self.load_state_dict(encoder.state_dict())
        self.calendar, own = calendar, encoder.config.calendar
        shift = calendar_shift(calendar, own)
        steps = (shift + own.step * torch.arange(own.length)) / calendar.step
        inside = (steps > -0.5) & (steps < calendar.length - 0.5)
        if inside.sum() < own.length / 2:
            raise ValueError(
                f"an encoder of the calendar {own} reads too little of series on {calendar}: "
                f"{int(inside.sum())} of its {own.length} steps lie within"
            )
        self.register_buffer("inside", inside, persistent=False)
        self.register_buffer("matrix", interpolation(steps, calendar.length), persistent=False)

    def copy(self) -> ResampledEncoder:
        """Another one with the same weights, for the same calendar."""
        return ResampledEncoder(self, self.calendar)

    def check(self, indices: Sequence[str], calendar: CalendarOptions) -> None:
        """Refuse series of other indices, or of another calendar than the one it was made for."""
        super().check(indices, self.config.calendar)
        check_calendar(self.calendar, calendar)

    def forward(self, series: Tensor) -> Tensor:
        """As ``SeriesEncoder.forward``, of series on the other calendar."""
        if series.shape[-1] != self.calendar.length:
            raise ValueError(
                f"expected series of {self.calendar.length} calendar steps, got shape "
                f"{tuple(series.shape)}"
            )
        moved, count = series @ self.matrix, len(self.config.recurrence.indices)
        if series.shape[1] > count:
            seen = (moved[:, count:] >= 0.5) & self.inside
            moved = torch.cat([moved[:, :count], seen.to(moved.dtype)], dim=1)
        return super().forward(moved)


def interpolation(steps: Tensor, length: int) -> Tensor:
    """Weights of a series' steps at other places between them: length x len(steps) float32.

    Args:
        steps: places, in steps; beyond the ends the end counts.
        length: of the series.
    """
    places = steps.clamp(0, length - 1)
    distance = (torch.arange(length)[:, None] - places).abs()
    return (1 - distance).clamp(min=0)


def untrained_facts(encoder: AnyImageEncoder) -> tuple[object, ...]:
    """What an encoder with first weights hangs on, of one that has them in its place."""
    if isinstance(encoder, ImageEncoder):
        return encoder.config.bands, encoder.config.architecture
    return (encoder.config,)
