"""How networks on series are trained: options of an arm, changes of a training batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from pimc.evaluation.probes import build_arm_options
from pimc.model.pixel_encoders import PixelViews
from pimc.training.augment import augment_observed, augment_series
from pimc.training.augment_options import SeriesAugmentation
from pimc.training.loop import Augment, Inputs, Load
from pimc.training.options import TrainingOptions

SPREAD_ROWS, SPREAD_PARTS = 2_000, 8
"""Training series whose deviation changes of level are measured in: an offset need not be known to
three digits. They are read in parts: the crops beside them would fill gigabytes."""

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


def plan_changes(
    options: SeriesAugmentation, load: Load, train: np.ndarray, observed: bool
) -> Augment | None:
    """Changes of training batches; None where there are none, and nothing is read.

    Args:
        options: strengths.
        load: gathers what the network reads.
        train: rows of the training samples.
        observed: as of ``augment_batch``.
    """
    if options == UNCHANGED:
        return None
    parts = np.array_split(train[:SPREAD_ROWS], SPREAD_PARTS)
    deviation = torch.cat([_series_of(load(rows)) for rows in parts]).std(dim=(0, 2))
    return augment_batch(options, deviation[:-1] if observed else deviation, observed)


def _series_of(inputs: Inputs) -> Tensor:
    """The series among what a network reads."""
    series = inputs.series if isinstance(inputs, PixelViews) else inputs
    if not isinstance(series, Tensor):
        raise TypeError(f"expected series among what a network reads, got {type(series).__name__}")
    return series


def augment_batch(
    options: SeriesAugmentation, deviation: Tensor, observed: bool = False
) -> Augment:
    """Changes of the series of a batch that keep its classes.

    Crops beside the series stay as they are.

    Args:
        options: strengths.
        deviation: I, standard deviation of each index over training series.
        observed: whether the last row of each series tells which dates were observed. Without
            it, masking hides steps of the filled series, as if all had been observed.
    """

    def change(series: Tensor, generator: Generator) -> Tensor:
        spread = deviation.to(series.device)
        if observed:
            parts = augment_observed(series[:, :-1], series[:, -1] > 0, options, generator, spread)
            return torch.cat([parts[0], parts[1][:, None].to(series.dtype)], dim=1)
        everywhere = torch.ones(len(series), series.shape[2], dtype=torch.bool)
        everywhere = everywhere.to(series.device)
        return augment_series(series, everywhere, options, generator, spread)

    def augment(
        inputs: Tensor | PixelViews, targets: Tensor, generator: Generator
    ) -> tuple[Tensor | PixelViews, Tensor]:
        if isinstance(inputs, PixelViews):
            return replace(inputs, series=change(inputs.series, generator)), targets
        return change(inputs, generator), targets

    return augment
