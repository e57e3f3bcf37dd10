"""How networks on series are trained: options of an arm, changes of a training batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Generator, Tensor

from pimc.evaluation.probes import build_arm_options
from pimc.model.pixel_encoders import PixelViews
from pimc.training.augment import augment_observed, augment_series
from pimc.training.augment_options import SeriesAugmentation
from pimc.training.loop import Augment
from pimc.training.options import TrainingOptions

UNCHANGED = SeriesAugmentation(level=0, masking=0, shift=0, stretch=0)
"""An arm that names no change of its series trains on them as they are."""


@dataclass(frozen=True)
class SeriesTraining:
    """How an arm's network learns classes of series.

    Attributes:
        training: of any network.
        augmentation: changes of its series.
        label_smoothing: share of the target that all classes have in equal parts.
    """

    training: TrainingOptions
    augmentation: SeriesAugmentation = UNCHANGED
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        """Check the share."""
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(
                f"label_smoothing must lie in 0..1, 1 excluded, got {self.label_smoothing}"
            )


def series_training(given: Mapping[str, Any]) -> SeriesTraining:
    """From the options of a network arm.

    Raises:
        ValueError: for an option that none of its parts has.
    """
    names = {each.name for each in fields(SeriesAugmentation)}
    changes = {name: value for name, value in given.items() if name in names}
    smoothing = given.get("label_smoothing", 0.0)
    known = {*names, "label_smoothing"}
    others = {name: value for name, value in given.items() if name not in known}
    return SeriesTraining(
        build_arm_options(TrainingOptions, others, "network"),
        SeriesAugmentation(**{**vars(UNCHANGED), **changes}),
        smoothing,
    )


def augment_batch(options: SeriesAugmentation, observed: bool = False) -> Augment | None:
    """Changes of the series of a batch that keep its classes; None where there are none.

    Crops beside the series stay as they are.

    Args:
        options: strengths.
        observed: whether the last row of each series tells which dates were observed. Without
            it, masking hides steps of the filled series, as if all had been observed.
    """
    if options == UNCHANGED:
        return None

    def change(series: Tensor, generator: Generator) -> Tensor:
        if observed:
            parts = augment_observed(series[:, :-1], series[:, -1] > 0, options, generator)
            return torch.cat([parts[0], parts[1][:, None].to(series.dtype)], dim=1)
        everywhere = torch.ones(len(series), series.shape[2], dtype=torch.bool)
        return augment_series(series, everywhere.to(series.device), options, generator)

    def augment(
        inputs: Tensor | PixelViews, targets: Tensor, generator: Generator
    ) -> tuple[Tensor | PixelViews, Tensor]:
        if isinstance(inputs, PixelViews):
            return replace(inputs, series=change(inputs.series, generator)), targets
        return change(inputs, generator), targets

    return augment
