"""Options of pixel classification."""

from __future__ import annotations

from dataclasses import dataclass

from pimc.evaluation.pixel_arms import PixelOptions
from pimc.pipelines.rotation_encoders import SeriesTaskOptions


@dataclass(frozen=True)
class PixelClassificationOptions(SeriesTaskOptions, PixelOptions):
    """What tasks on series and tasks on pixels are told."""
