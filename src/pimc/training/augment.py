"""Changes of series and crops that keep what grows there, a batch at a time, on its device.

Both sides stay aligned: a crop turns around its central pixel, and a series moves in time by no
more than neighbouring fields of one crop differ.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn.functional import threshold

from pimc.data.patch import FILL, REFLECTANCE_SCALE
from pimc.training.augment_options import CropAugmentation, SeriesAugmentation
from pimc.training.shares import integers, normal, uniform
from pimc.training.symmetries import SYMMETRIES, turn_each


def to_reflectance(crops: Tensor) -> Tensor:
    """int16 reflectance x 10,000 -> float32 reflectance 0..1, NaN where there is no data."""
    # FILL is the least value of int16, so what is above it is data: one pass instead of three
    return threshold(crops.float(), FILL, torch.nan, inplace=True).div_(REFLECTANCE_SCALE)


def augment_crops(crops: Tensor, options: CropAugmentation, generator: Generator) -> Tensor:
    """Turn crops and change their colours.

    Args:
        crops: B x C x side x side float32 reflectance, NaN where there is no data.
        options: strengths.
        generator: of all draws, on the crops' device.

    Returns:
        As ``crops``; missing data stays missing.
    """
    if options.turns:
        crops = _turn(crops, generator)
    batch, bands = crops.shape[:2]
    gain = options.gain * normal((batch, 1, 1, 1), generator)
    gain = gain + options.band_gain * normal((batch, bands, 1, 1), generator)
    crops = crops * gain.exp()
    if options.noise:
        pixels = (batch, 1, *crops.shape[2:])
        crops = crops.add_(normal(pixels, generator), alpha=options.noise)
    dropped = uniform((batch, bands, 1, 1), generator) < options.band_dropout
    return crops.masked_fill_(dropped, torch.nan)


def augment_series(
    series: Tensor,
    observed: Tensor,
    options: SeriesAugmentation,
    generator: Generator,
    deviation: Tensor,
) -> Tensor:
    """Hide observations, move in time, change the level; see ``augment_observed``.

    Returns:
        As ``series``.
    """
    return augment_observed(series, observed, options, generator, deviation)[0]


def augment_observed(
    series: Tensor,
    observed: Tensor,
    options: SeriesAugmentation,
    generator: Generator,
    deviation: Tensor,
) -> tuple[Tensor, Tensor]:
    """Hide observations, move in time, change the level; say what is observed afterwards.

    Args:
        series: B x I x L float32, finite.
        observed: B x L bool, where the series was observed.
        options: strengths.
        generator: of all draws, on the series' device.
        deviation: I float32, standard deviation of each index over training series.

    Returns:
        As ``series``, and as ``observed``: hidden dates count as not observed, and where time
        moves, a step is what the nearest one was.
    """
    batch, indices, length = series.shape
    if options.masking:
        hidden = uniform((batch, length), generator) < options.masking
        observed = observed & ~hidden
        series = fill_linearly(series, observed)
    if options.shift or options.stretch:
        shift, stretch = (2 * uniform((2, batch, 1), generator, axis=1) - 1).unbind()
        steps = torch.arange(length, device=series.device)
        middle = (length - 1) / 2
        times = middle + (steps - middle) * (1 + options.stretch * stretch)
        times = times + options.shift * shift
        series = resample(series, times)
        observed = observed.gather(1, times.round().long().clamp(0, length - 1))
    if options.level:
        offset = options.level * deviation[:, None]
        series = series + offset * normal((batch, indices, 1), generator)
    return series, observed


def fill_linearly(series: Tensor, kept: Tensor) -> Tensor:
    """Replace all but the kept points by a line between their kept neighbours.

    Args:
        series: B x I x L float32.
        kept: B x L bool; a row without any keeps its series as it is.

    Returns:
        B x I x L float32, constant beyond the first and the last kept point.
    """
    length = series.shape[-1]
    kept = kept | ~kept.any(dim=1, keepdim=True)
    steps = torch.arange(length, device=series.device)
    before = steps.where(kept, -1).cummax(dim=1).values
    after = steps.where(kept, length).flip(1).cummin(dim=1).values.flip(1)
    # beyond the ends both neighbours are the same point, and the weight is 0
    left = before.where(before >= 0, after)
    right = after.where(after < length, before)
    weight = (steps - left) / (right - left).clamp(min=1)
    return _between(series, left, right, weight)


def resample(series: Tensor, times: Tensor) -> Tensor:
    """Values at other times, linear between calendar steps, constant beyond the ends.

    Args:
        series: B x I x L float32.
        times: B x L float32, in calendar steps from 0 to L - 1.

    Returns:
        B x I x L float32.
    """
    times = times.clamp(0, series.shape[-1] - 1)
    left = times.floor().long()
    right = (left + 1).clamp(max=series.shape[-1] - 1)
    return _between(series, left, right, times - left)


def _between(series: Tensor, left: Tensor, right: Tensor, weight: Tensor) -> Tensor:
    """(1 - weight) x_left + weight x_right; positions and weights are B x L."""
    low = series.gather(2, left[:, None].expand_as(series))
    high = series.gather(2, right[:, None].expand_as(series))
    return torch.lerp(low, high, weight[:, None])


def _turn(crops: Tensor, generator: Generator) -> Tensor:
    """One of the eight flips and quarter turns of each crop, around its centre."""
    drawn = integers(0, SYMMETRIES, (len(crops),), generator)
    # rotations, then their transposes: trainings have drawn them in this order so far
    order = torch.tensor([0, 1, 2, 3, 7, 4, 5, 6], device=crops.device)
    return turn_each(crops, order[drawn])
