"""Arrays that people hand over themselves: the unit of reflectance, its bands and dates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pimc.data.dates import check_days, written_days
from pimc.data.patch import FILL, REFLECTANCE_SCALE, check_bands
from pimc.data.points.values import HIGHEST, LOWEST
from pimc.data.stack.bands import band_name
from pimc.data.stack.checks import judge_unit

JUDGED = 1_000_000
"""So many values, spread over all, tell the unit."""


def reflectance_scale(values: np.ndarray, where: str) -> float:
    """What stands for reflectance 1 in an array: 1 in floats, 10,000 in integers.

    Args:
        values: of any shape; NaN, 0 and below and what no reflectance reaches are not judged.
        where: they come from, for messages.

    Raises:
        ValueError: for another type, or values that are plainly in another unit.
    """
    if values.dtype.kind not in "iuf" or values.dtype.itemsize == 1:
        raise ValueError(
            f"{where}: expected floats of 0..1, or integers x 10,000, got {values.dtype}"
            f"{', a picture whose unit is lost' if values.dtype == np.uint8 else ''}"
        )
    scale = 1.0 if values.dtype.kind == "f" else float(REFLECTANCE_SCALE)
    judged = values.reshape(-1)[:: max(1, values.size // JUDGED)].astype(np.float32)
    judged = judged[(judged > 0) & (judged < 2 * REFLECTANCE_SCALE)]
    if judged.size and scale != (looks := REFLECTANCE_SCALE / judge_unit(judged, where)):
        units = {1.0: "floats of 0..1", float(REFLECTANCE_SCALE): "integers x 10,000"}
        raise ValueError(
            f"{where}: expected {units[scale]}, as {values.dtype} is read, got values as of "
            f"{units[looks]} (median {np.median(judged):.3g}); convert them"
        )
    return scale


def store_reflectance(values: np.ndarray, scale: float) -> np.ndarray:
    """Reflectance as the project keeps it: int16 x 10,000, ``FILL`` where there is none.

    Args:
        values: of any shape; NaN is no data, and so is what no reflectance is.
        scale: the value of reflectance 1.
    """
    known = (values >= LOWEST * scale) & (values < HIGHEST * scale)
    scaled = np.where(known, values, 0) * (REFLECTANCE_SCALE / scale)
    return np.where(known, np.rint(scaled), FILL).astype(np.int16)


def given_days(dates: Iterable[Any], where: str) -> np.ndarray:
    """Days since 1970-01-01, int64, in the order given.

    Args:
        dates: ISO dates or YYYYMMDD as text or numbers, datetime64, datetime or date; of a time
            the day that is written counts.
        where: what has them, for messages.

    Raises:
        ValueError: for something else, or a day at which no satellite was there.
    """
    days = written_days(np.asarray(list(dates)), where)
    check_days(days, where)
    return days.astype(np.int64)


def given_bands(names: Iterable[str], where: str) -> tuple[str, ...]:
    """Bands in Sentinel-2's spelling: ``B2`` and ``blue`` are ``B02``.

    Raises:
        ValueError: for two of one name.
    """
    bands = tuple(band_name(str(name)) for name in names)
    check_bands(bands, where)
    return bands


def pick_bands(given: Sequence[str], wanted: Sequence[str], where: str) -> list[int]:
    """Places of some bands among those given.

    Raises:
        ValueError: naming what is missing.
    """
    if missing := [band for band in wanted if band not in given]:
        raise ValueError(
            f"{where}: expected bands {', '.join(wanted)}, got {', '.join(given) or 'none'}; "
            f"supply {', '.join(missing)}"
        )
    return [list(given).index(band) for band in wanted]
