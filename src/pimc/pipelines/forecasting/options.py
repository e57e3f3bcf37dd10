"""Options of forecasting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pimc.learning.arms import TaskOptions
from pimc.model.architecture import find_preset
from pimc.signal.forecast_windows import WindowOptions


@dataclass(frozen=True)
class ForecastingOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and what this one is told.

    Attributes:
        window: what is known and what is forecast (``WindowOptions``).
        preset: size of encoders that are not pretrained.
        examples: pixels in the figure of examples.
    """

    window: Any = field(default_factory=WindowOptions)
    preset: str = "small"
    examples: int = 9

    def __post_init__(self) -> None:
        """Build the window where it comes as a mapping; check the preset's name."""
        super().__post_init__()
        if isinstance(self.window, Mapping):
            object.__setattr__(self, "window", WindowOptions(**self.window))
        find_preset(self.preset)
        if self.examples < 1:
            raise ValueError(f"examples must be at least 1, got {self.examples}")
