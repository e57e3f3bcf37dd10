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


CATALOG, BY_ROTATION = "catalog", "by_rotation"


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
class PixelClassificationOptions(PixelOptions):
    """What pixel tasks are told (``PixelOptions``), and what this one is told.

    Attributes:
        preset: size of encoders that are not pretrained.
        encoders: ``catalog``: all rotations share its encoder, which may have seen the test fold
            of some, and is then labelled transductive; ``by_rotation``: each rotation has one
            that is pretrained on its own training folds.
    """

    preset: str = "small"
    encoders: str = CATALOG

    def __post_init__(self) -> None:
        """Check the preset's name and whose encoders are read too."""
        super().__post_init__()
        find_preset(self.preset)
        if self.encoders not in (CATALOG, BY_ROTATION):
            raise ValueError(f"encoders must be {CATALOG} or {BY_ROTATION}, got {self.encoders!r}")
