"""Options of land cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pimc.evaluation.arms import BACKBONE, RANDOM_BACKBONE, Arm, TaskOptions
from pimc.model.architecture import find_preset
from pimc.model.backbone.options import BackboneOptions
from pimc.pretraining.options import PRECISIONS


@dataclass(frozen=True)
class LandCoverOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and what this one is told.

    Attributes:
        preset: size of image encoders where there is no pretrained one; where there is, encoders
            with first weights have its size.
        precision: 32-true, bf16-mixed, or auto: the latter where the device has instructions for
            it. On a CPU that has them, networks take a third of the time; on others, far longer.
        backbones: encoders of others, by name, the fields of ``BackboneOptions``; arms with input
            ``backbone``, or ``random_backbone`` for first weights, name one as their ``encoder``.
    """

    preset: str = "wide"
    precision: str = "auto"
    backbones: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the names, and that there is one rotation: the lists are no folds."""
        super().__post_init__()
        backbones = {
            name: given if isinstance(given, BackboneOptions) else BackboneOptions(**given)
            for name, given in self.backbones.items()
            if given is not None
        }
        object.__setattr__(self, "backbones", backbones)
        for arm in self.arms.values():
            self._check_backbone(arm)
        find_preset(self.preset)
        known = ("auto", *PRECISIONS)
        if self.precision not in known:
            raise ValueError(f"precision must be {' or '.join(known)}, got {self.precision!r}")
        if self.protocol.rotations != 1:
            raise ValueError(
                f"land cover has one training, validation and test list and cannot rotate them; "
                f"got {self.protocol.rotations} rotations in the effort {self.effort}"
            )

    def _check_backbone(self, arm: Arm) -> None:
        """Refuse an arm that names no backbone where it needs one, or names one elsewhere."""
        if arm.input not in (BACKBONE, RANDOM_BACKBONE):
            if arm.encoder is not None:
                raise ValueError(
                    f"arm {arm.name}: its encoder {arm.encoder!r} is read with input {BACKBONE} or "
                    f"{RANDOM_BACKBONE}, got input {arm.input!r}"
                )
            return
        if arm.encoder not in self.backbones:
            raise ValueError(
                f"arm {arm.name}: its encoder must be one of land_cover.backbones "
                f"({', '.join(self.backbones) or 'there are none'}), got {arm.encoder!r}"
            )
        if arm.options.get("stem_stride") is not None:
            raise ValueError(
                f"arm {arm.name}: a backbone has its own first convolution; stem_stride must be "
                f"null, got {arm.options['stem_stride']}"
            )
