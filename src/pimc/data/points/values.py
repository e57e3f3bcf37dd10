"""Values of a table become reflectance x 10,000; their unit is checked, the missing are counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pimc.data.patch import FILL, REFLECTANCE_SCALE

LOWEST = -0.5
"""Noise over dark ground and offsets take reflectance a little below 0, never as far as this."""

HIGHEST = np.iinfo(np.int16).max / REFLECTANCE_SCALE
"""Glint and saturation lie above 1; from here on int16 has no room, and its end is a fill value."""

JUDGED = 2_000_000
"""So many values tell the unit."""

TINY_SHARE = 0.05
"""More values than this that would round to 0 or 1 in 10,000 are in another unit."""


def to_reflectance(
    values: np.ndarray, source: Path, scale: float, no_data: Sequence[float] = ()
) -> tuple[np.ndarray, dict[str, int]]:
    """Any numbers to int16 reflectance x 10,000, ``FILL`` where missing.

    Args:
        values: pixels or rows x ... of numbers.
        source: the file, for messages.
        scale: the stored value of reflectance 1.
        no_data: stored values that mean no data, beside 0 and -32768.

    Returns:
        The reflectance, and the number of missing values by cause.

    Raises:
        ValueError: values that are no numbers, or plainly of another scale.
    """
    if values.dtype.kind not in "iuf":  # a complex number is one too, and no reflectance
        raise ValueError(f"{source}: reflectance must be real numbers, got {values.dtype}")
    causes = missing_by_cause(values, scale, no_data)
    missing = np.logical_or.reduce(list(causes.values()))
    check_scale(values, scale, no_data, source)
    scaled = np.where(missing, 0, values)
    if scale != REFLECTANCE_SCALE:
        scaled = scaled * (REFLECTANCE_SCALE / scale)
    reflectance = np.where(missing, FILL, np.rint(scaled)).astype(np.int16)
    return reflectance, {cause: int(where.sum()) for cause, where in causes.items()}


def missing_by_cause(
    values: np.ndarray, scale: float, no_data: Sequence[float]
) -> dict[str, np.ndarray]:
    """Where values are missing, by the first cause that holds; each of the shape of ``values``."""
    finite = np.isfinite(values)
    told = finite & np.isin(values, [0, FILL, *no_data])
    beyond = finite & ~told & ((values < LOWEST * scale) | (values >= HIGHEST * scale))
    named = ", ".join(f"{value:g}" for value in (0, FILL, *no_data))
    return {"not finite": ~finite, f"no data ({named})": told, "no possible reflectance": beyond}


def check_scale(values: np.ndarray, scale: float, no_data: Sequence[float], source: Path) -> None:
    """Refuse values that are plainly of another scale.

    The middle of the *different* positive values judges: a fill value counts once, however often
    it stands in the table, and no single value decides.

    Raises:
        ValueError: which scale they look like.
    """
    judged = values[:: max(1, values.size // JUDGED)]
    judged = judged[np.isfinite(judged) & (judged > 0) & ~np.isin(judged, no_data)]
    if not judged.size:
        return
    middle = float(np.median(np.unique(judged)))
    tiny = (judged < 1.5 * scale / REFLECTANCE_SCALE).mean()
    found = f"values in {looks_like(middle)}"
    # deep water has a hundredth in its darkest bands; percent is at most 130, over cloud
    if 0.013 < middle / scale <= 1.5:
        if tiny <= TINY_SHARE:
            return
        found = f"values near 0 in {tiny:.0%} of the table: some of it is in another unit"
    raise ValueError(
        f"{source}: expected reflectance x {scale:,g}, got {found} (middle of the different "
        f"values: {middle:g}); multiply them, or name the stored value of reflectance 1 in `scale`"
    )


def looks_like(middle: float) -> str:
    """The unit of reflectance whose middle value this may be."""
    units = {1.5: "0..1", 130: "0..100 (percent) or 0..255 (8 bit)", 15_000: "0..10,000"}
    return next((unit for end, unit in units.items() if middle <= end), "no usual unit, too large")
