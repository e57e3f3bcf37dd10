"""Options of land cover."""

from __future__ import annotations

from dataclasses import dataclass

from pimc.learning.arms import TaskOptions
from pimc.learning.options import PRECISIONS
from pimc.model.architecture import find_preset


@dataclass(frozen=True)
class LandCoverOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and what this one is told.

    Attributes:
        preset: size of image encoders where there is no pretrained one; where there is, encoders
            with first weights have its size.
        precision: 32-true, bf16-mixed, or auto: the latter where the device has instructions for
            it. On a CPU that has them, networks take a third of the time; on others, far longer.
    """

    preset: str = "wide"
    precision: str = "auto"

    def __post_init__(self) -> None:
        """Check the names, and that there is one rotation: the lists are no folds."""
        super().__post_init__()
        find_preset(self.preset)
        known = ("auto", *PRECISIONS)
        if self.precision not in known:
            raise ValueError(f"precision must be {' or '.join(known)}, got {self.precision!r}")
        if self.protocol.rotations != 1:
            raise ValueError(
                f"land cover has one training, validation and test list and cannot rotate them; "
                f"got {self.protocol.rotations} rotations in the effort {self.effort}"
            )
