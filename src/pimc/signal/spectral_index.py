"""What a channel of series is: bands, a formula of them, bounds of its values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SpectralIndex:
    """One channel: the bands it needs and how it is computed from them.

    Attributes:
        bands: names of the bands, in the order in which ``formula`` takes them.
        formula: float32 reflectances (0..1, NaN where invalid) to the index. It gives NaN where
            the index is undefined.
        bounds: least and greatest valid value; the index is NaN beyond.
    """

    bands: tuple[str, ...]
    formula: Callable[..., np.ndarray]
    bounds: tuple[float, float]
