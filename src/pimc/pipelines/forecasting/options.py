"""Options of forecasting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pimc.pipelines.rotation_encoders import SeriesTaskOptions
from pimc.signal.forecast_windows import WindowOptions


@dataclass(frozen=True)
class ForecastingOptions(SeriesTaskOptions):
    """What tasks on series are told (``SeriesTaskOptions``), and what this one is told.

    Attributes:
        window: what is known and what is forecast (``WindowOptions``).
        examples: pixels in the figure of examples.
    """

    window: Any = field(default_factory=WindowOptions)
    examples: int = 9

    def __post_init__(self) -> None:
        """Build the window where it comes as a mapping; check the number of examples."""
        super().__post_init__()
        if isinstance(self.window, Mapping):
            object.__setattr__(self, "window", WindowOptions(**self.window))
        if self.examples < 1:
            raise ValueError(f"examples must be at least 1, got {self.examples}")
