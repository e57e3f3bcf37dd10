"""Bands that tell clouds: codes, or the probability of cloud."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from pimc.data.mask_codes import CLEAR_CODES, CODES
from pimc.data.stack.bands import is_known
from pimc.data.stack.validity import is_fill, is_missing

PROBABILITIES = ("CLOUD_PROBABILITY", "CLP")
"""Bands that hold the probability of cloud: in percent, or 0..255 in Sentinel Hub's CLP."""

MASKS = (*CLEAR_CODES, *PROBABILITIES)

DEFAULT_THRESHOLD = 40.0
"""Percent; s2cloudless's own for its masks of Sentinel-2."""


@dataclass(frozen=True)
class CloudMask:
    """How a mask band is read.

    Attributes:
        band: its name.
        threshold: percent from which on a probability is cloud; None where the band holds codes.
        percent: what one stored unit of probability is in percent.
    """

    band: str
    threshold: float | None = None
    percent: float = 1.0

    def __str__(self) -> str:
        """In words, for logs."""
        if self.threshold is None:
            codes = ", ".join(map(str, CLEAR_CODES[self.band]))
            return f"{self.band}, clear where {codes}"
        return f"{self.band}, clear below {self.threshold:g} %"

    def clear(self, values: np.ndarray, no_data: float | None, where: str) -> np.ndarray:
        """Where a mask says clear; no data is not clear.

        Args:
            values: of the mask band, as stored.
            no_data: its tag.
            where: they come from, for the message.

        Raises:
            ValueError: values that the mask cannot have.
        """
        missing = is_missing(values, no_data) | _is_fill(values, self.band)
        if self.threshold is None:
            self._check_codes(values[~missing], where)
            return np.asarray(np.isin(values, CLEAR_CODES[self.band]) & ~missing)
        percent = values * self.percent
        wrong = ~missing & ~((percent >= 0) & (percent <= 100))
        if wrong.any():
            raise ValueError(
                f"{where}: {self.band} must be a probability of 0..{100 / self.percent:g}, "
                f"got {values[wrong][0]}"
            )
        return np.asarray((percent < self.threshold) & ~missing)

    def _check_codes(self, values: np.ndarray, where: str) -> None:
        unknown = np.setdiff1d(values, CODES[self.band])
        if unknown.size:
            listed = ", ".join(f"{value:g}" for value in unknown[:6])
            codes = f"{min(CODES[self.band])}..{max(CODES[self.band])}"
            raise ValueError(
                f"{where}: mask band {self.band} must hold codes ({codes}), got {listed}; if it is "
                "a probability of cloud, say from how many percent on by cloud_threshold "
                "(such as 40); mask: null leaves it alone"
            )


def choose_mask(
    wanted: str | None, threshold: float | None, available: Collection[str], place: str
) -> CloudMask | None:
    """The mask of a place: the one asked for, or the first known one that any of its files has.

    Raises:
        ValueError: the mask asked for is in none of its files.
    """
    if wanted is None:
        return None
    band = next((name for name in MASKS if name in available), None)
    if wanted != "auto":
        if wanted not in available:
            raise ValueError(
                f"place {place}: mask band {wanted} is missing; available in its files: "
                f"{', '.join(sorted(name for name in available if name))}"
            )
        band = wanted
    if band is None:
        return None
    if band in PROBABILITIES:
        percent = 100 / 255 if band == "CLP" else 1.0
        return CloudMask(band, DEFAULT_THRESHOLD if threshold is None else threshold, percent)
    return CloudMask(band, threshold if band == "CLOUD" else None)


def unread_masks(available: Collection[str]) -> list[str]:
    """Bands that look like masks by their name and are not understood."""
    hint = re.compile("MASK|QA|CLOUD|CLEAR|VALID|SHADOW|SNOW|CIRRUS")
    return sorted(name for name in available if hint.search(name) and not is_known(name))


def fit_percent(mask: CloudMask, values: Sequence[np.ndarray]) -> CloudMask:
    """The mask with its unit: a probability in fractions of one where floats go no higher."""
    if mask.threshold is None or mask.band == "CLP":
        return mask
    finite = [each[np.isfinite(each)] for each in values if each.dtype.kind == "f"]
    highest = max((each.max() for each in finite if each.size), default=np.inf)
    if highest > 1:
        return mask
    return CloudMask(mask.band, mask.threshold, 100.0)


def is_shadow_alone(codes: Collection[float]) -> bool:
    """Whether a CLOUD band holds shadows (2) without a cloud (1): it may be a probability."""
    return 2 in codes and 1 not in codes


def check_shadow_alone(codes: Collection[float], place: str) -> None:
    """Refuse a CLOUD band of shadows without a cloud: 2 may be a probability of 2 %.

    Raises:
        ValueError: all its codes over all dates are 0, 2 and 3, with some 2.
    """
    if is_shadow_alone(codes):
        raise ValueError(
            f"place {place}: band CLOUD holds 2 but never 1: shadows without a cloud, or a "
            "probability in percent; set cloud_threshold (such as 40) if it is a probability, "
            "mask: CLOUD if it holds codes"
        )


def _is_fill(values: np.ndarray, band: str) -> np.ndarray:
    """Where a mask holds its type's own fill; 255 is a full probability in CLP."""
    if values.dtype == np.uint8 and band != "CLP":
        return np.asarray(values == 255)
    return is_fill(values)
