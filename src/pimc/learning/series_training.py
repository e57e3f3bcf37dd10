"""How networks on series are trained: options of an arm, changes of a training batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Generator, Tensor

from pimc.learning.augment import augment_series
from pimc.learning.options import SeriesAugmentation
from pimc.learning.probes import build_arm_options
from pimc.learning.training import Augment, TrainingOptions

UNCHANGED = SeriesAugmentation(level=0, masking=0, shift=0, stretch=0)
"""An arm that names no change of its series trains on them as they are."""


def network_options(given: Mapping[str, Any]) -> tuple[TrainingOptions, SeriesAugmentation]:
    """Options of a network arm: of its training, and changes of its series.

    Raises:
        ValueError: for an option that neither has.
    """
    names = {each.name for each in fields(SeriesAugmentation)}
    changes = {name: value for name, value in given.items() if name in names}
    others = {name: value for name, value in given.items() if name not in names}
    augmentation = SeriesAugmentation(**{**vars(UNCHANGED), **changes})
    return build_arm_options(TrainingOptions, others, "network"), augmentation


def augment_batch(options: SeriesAugmentation) -> Augment | None:
    """Changes of the series of a batch that keep its classes; None where there are none.

    Masking hides steps of the filled series, as if all had been observed: which ones were is not
    known here.
    """
    if options == UNCHANGED:
        return None

    def augment(series: Tensor, targets: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        everywhere = torch.ones(len(series), series.shape[2], dtype=torch.bool)
        changed = augment_series(series, everywhere.to(series.device), options, generator)
        return changed, targets

    return augment
