"""Images that belong to no series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class UnpairedImages:
    """Images that an image encoder may learn from beside those of the series.

    Attributes:
        images: N x C x H x W of any numeric type and in any unit, all finite; may be a memory
            map.
        bands: C names.
        rows: images that may be seen in training.
        fingerprint: changes whenever the images do.
        names: digest of the names of those that may be seen; None where they have none.
    """

    images: np.ndarray
    bands: Sequence[str]
    rows: np.ndarray
    fingerprint: str
    names: str | None = None

    def __post_init__(self) -> None:
        """Check that there are images of these bands."""
        if self.images.ndim != 4 or self.images.shape[1] != len(self.bands):
            raise ValueError(
                f"expected images of N x {len(self.bands)} bands ({', '.join(self.bands)}) x "
                f"height x width, got shape {self.images.shape}"
            )
        if len(self.rows) < 20:
            raise ValueError(f"expected 20 unpaired images or more, got {len(self.rows)}")
