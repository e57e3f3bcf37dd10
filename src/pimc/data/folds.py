"""Which folds train, which select and which are looked at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

DEALT = " dealt "
"""Between the name of a patch and how its ground was dealt to folds."""

FOLDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class FoldOptions:
    """Disjoint sets of folds 1..5 (PASTIS's protocol: train 1-3, validate 4, test 5)."""

    train: tuple[int, ...] = (1, 2, 3)
    validation: tuple[int, ...] = (4,)
    test: tuple[int, ...] = (5,)

    def __post_init__(self) -> None:
        """Check that folds exist and that no fold serves twice."""
        for name in ("train", "validation", "test"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        used = [*self.train, *self.validation, *self.test]
        if not set(used) <= set(FOLDS) or len(set(used)) < len(used):
            raise ValueError(
                f"folds must be 1..5, each in one set, got train {self.train}, "
                f"validation {self.validation}, test {self.test}"
            )
        if not self.train or not self.validation:
            raise ValueError("folds.train and folds.validation must each name at least one fold")


def rotate(folds: FoldOptions, rotation: int) -> FoldOptions:
    """Each fold ``rotation`` numbers on, 5 followed by 1: PASTIS's cross-validation."""

    def moved(part: tuple[int, ...]) -> tuple[int, ...]:
        return tuple((fold - 1 + rotation) % len(FOLDS) + 1 for fold in part)

    return FoldOptions(moved(folds.train), moved(folds.validation), moved(folds.test))


def name_ground(pixels: pd.DataFrame) -> np.ndarray:
    """What encoders remember their ground by: the patch of each pixel, N strings.

    Where folds come from labels, other labels deal the same ground otherwise: fold 5 is then not
    what it was, and the name of the dealing stands behind that of the patch.
    """
    patch = pixels["patch"].to_numpy()
    if "dealing" not in pixels:
        return patch
    dealing = pixels["dealing"].to_numpy()
    named = np.array([f"{p}{DEALT}{d}" for p, d in zip(patch, dealing, strict=True)], object)
    ground: np.ndarray = np.where(dealing == "", patch, named)
    return ground


def patch_of(ground: str) -> str:
    """The patch of a name of ground."""
    return ground.partition(DEALT)[0]
