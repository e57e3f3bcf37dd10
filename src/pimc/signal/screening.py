"""Cloud screening of pixel series by their own course in time, for images without a mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pimc.signal.indices import reflectance_of


@dataclass(frozen=True)
class ScreeningOptions:
    """What counts as cloud or shadow.

    Attributes:
        window: days before and after an observation that it is compared with.
        brightening: a cloud is brighter in blue (B02, reflectance 0..1) by more than this than the
            darkest observations of the window on both sides.
    """

    window: int = 45
    brightening: float = 0.04

    def __post_init__(self) -> None:
        """Check that every value is positive."""
        for name in ("window", "brightening"):
            if not getattr(self, name) > 0:
                raise ValueError(f"screening {name} must be above 0, got {getattr(self, name)}")


def screen_clouds(
    reflectance: np.ndarray, days: np.ndarray, bands: Sequence[str], options: ScreeningOptions
) -> np.ndarray:
    """Where each pixel was observed, free of cloud and shadow.

    Args:
        reflectance: P x T x C int16, reflectance x 10,000, ``FILL`` where there is no data.
        days: T or P x T int, days since 1970-01-01, increasing.
        bands: names of the C bands; B02, B04 and B08 are needed.
        options: thresholds.

    Returns:
        P x T bool, True = clear and observed.
    """
    blue, red, nir = (reflectance_of(reflectance, bands, band) for band in ("B02", "B04", "B08"))
    observed = np.isfinite(blue) & np.isfinite(red) & np.isfinite(nir)
    blue = np.where(observed, blue, np.inf)
    clear: np.ndarray = observed.copy()
    days = np.broadcast_to(days, observed.shape)
    for t in range(observed.shape[1]):
        lag = days - days[:, t : t + 1]
        before = np.where((lag < 0) & (lag >= -options.window), blue, np.inf).min(axis=1)
        after = np.where((lag > 0) & (lag <= options.window), blue, np.inf).min(axis=1)
        reference = np.maximum(
            np.where(np.isinf(before), after, before), np.where(np.isinf(after), before, after)
        )
        clear[:, t] &= ~(blue[:, t] - reference > options.brightening)
    return clear
