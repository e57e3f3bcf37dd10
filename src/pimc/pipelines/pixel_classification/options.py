"""Options of pixel classification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pimc.learning.arms import TaskOptions
from pimc.model.architecture import find_preset

VOID, BACKGROUND = "Void", "Background"
"""Classes of PASTIS: void pixels are never scored, background if asked for."""


@dataclass(frozen=True)
class PixelClassificationOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and what this one is told.

    Attributes:
        background: whether the class Background takes part.
        preset: size of encoders that are not pretrained.
    """

    background: bool = True
    preset: str = "small"

    def __post_init__(self) -> None:
        """Check the preset's name too."""
        super().__post_init__()
        find_preset(self.preset)

    def samples(self, series_pixels: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
        """Pixels that take part, those with a class that counts; ``row`` is the row of each."""
        left_out = {VOID} if self.background else {VOID, BACKGROUND}
        codes = [code for code, name in enumerate(classes) if name not in left_out]
        rows = np.flatnonzero(series_pixels["label"].isin(codes))
        if not rows.size:
            raise ValueError(
                f"pixel classification needs labelled pixels: {len(series_pixels)} pixels, none "
                f"has a class of {', '.join(classes)}; bring labels, or another task"
            )
        return series_pixels.iloc[rows].reset_index(drop=True).assign(row=rows)
