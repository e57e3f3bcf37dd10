"""Options of the training on whole images. This module knows no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pimc.evaluation.probes import build_arm_options
from pimc.training.augment_options import ImageAugmentation
from pimc.training.options import TrainingOptions


@dataclass(frozen=True)
class ImageOptions:
    """What training on images has beside the options of every network.

    Attributes:
        augmentation: of training images.
        label_smoothing: share of a target that is spread over all classes.
        stem_stride: pixels the first convolution moves by; None keeps the encoder's. An encoder
            of small crops halves 64 x 64 pixels by 2 at a quarter of the cost; its weights fit.
        symmetries: whether predictions are means over the eight flips and quarter turns.
    """

    augmentation: ImageAugmentation = field(default_factory=ImageAugmentation)
    label_smoothing: float = 0.1
    stem_stride: int | None = None
    symmetries: bool = True

    def __post_init__(self) -> None:
        """Build the augmentation from a mapping; check the values."""
        if isinstance(self.augmentation, Mapping):
            object.__setattr__(self, "augmentation", ImageAugmentation(**self.augmentation))
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing must lie in 0..1, got {self.label_smoothing}")
        if self.stem_stride is not None and self.stem_stride < 1:
            raise ValueError(f"stem_stride must be at least 1, got {self.stem_stride}")


def image_options(given: Mapping[str, Any], kind: str) -> tuple[ImageOptions, TrainingOptions]:
    """An arm's options, those of images and those of every network.

    Raises:
        ValueError: for an option that neither has.
    """
    own = {each.name for each in fields(ImageOptions)}
    images = build_arm_options(ImageOptions, {k: v for k, v in given.items() if k in own}, kind)
    rest = {k: v for k, v in given.items() if k not in own}
    return images, build_arm_options(TrainingOptions, rest, kind)
