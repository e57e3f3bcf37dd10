"""Options of pixel classification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pimc.learning.arms import TaskOptions
from pimc.pipelines.rotation_encoders import SeriesTaskOptions

VOID, BACKGROUND = "Void", "Background"
"""Classes of PASTIS: void pixels are never scored, background if asked for."""


@dataclass(frozen=True)
class PixelOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and which pixels take part.

    Attributes:
        background: whether the class Background takes part.
    """

    background: bool = True

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


@dataclass(frozen=True)
class PixelClassificationOptions(SeriesTaskOptions, PixelOptions):
    """What tasks on series and tasks on pixels are told."""
