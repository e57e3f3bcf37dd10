"""Dates of a series: how they are written, and how many it needs."""

from __future__ import annotations

import logging
import re

import numpy as np
import pandas as pd

logger = logging.getLogger(__name__)

MIN_DATES = 3
"""A series of fewer dates has no course to learn from."""

_DAY = re.compile(r"(\d{4})([-/.]?)(\d\d)\2(\d\d)(?:\.0|Z|[T ]\d\d.*)?")
"""2021-05-01, 20210501, 20210501.0, 2021-05-01T00:00+02:00."""

_LATE_HOUR = re.compile(r".*[T ](1[3-9]|2\d):00(:00(\.0+)?)?(Z|\+00:00)?")
"""A whole hour after noon, in UTC or without a zone."""


FIRST, LAST = np.datetime64("1972-07-23"), np.datetime64("2100-01-01")
"""Landsat 1 saw the ground from that day on; no image of this project is of another century."""


def check_days(dates: np.ndarray, where: str) -> None:
    """Refuse days that no satellite was there at: they come of another epoch, unit or column.

    Args:
        dates: T datetime64[D], in order.
        where: what has them, for the message.

    Raises:
        ValueError: naming the first of them.
    """
    bad = dates[~((dates >= FIRST) & (dates < LAST))]  # no date is neither
    if len(bad):
        raise ValueError(
            f"{where}: dates must lie between {FIRST} and {LAST}, got {bad[0]} ({len(bad)} of "
            f"{len(dates)}); look at how the source writes them"
        )


def need_dates(count: int, where: str) -> None:
    """Refuse a source with too few dates.

    Args:
        count: dates with data.
        where: what has them, for the message.

    Raises:
        ValueError: fewer than ``MIN_DATES``.
    """
    if count < MIN_DATES:
        raise ValueError(
            f"{where}: too few dates: a series needs at least {MIN_DATES} with data, got {count}; "
            "add some"
        )


def written_days(dates: np.ndarray | pd.Series, where: str) -> np.ndarray:
    """Dates as datetime64[D]: the day that is written, whatever the time and its zone.

    Args:
        dates: T ISO dates or timestamps, or YYYYMMDD, as text, numbers or pandas's own.
        where: what has them, for messages.

    Raises:
        ValueError: something else, or no date.
    """
    codes, stamps = pd.factorize(pd.Series(dates))
    if (codes < 0).any():
        raise ValueError(
            f"{where}: {(codes < 0).sum()} of {len(codes)} dates are missing; drop what has none"
        )
    written = [str(stamp) for stamp in stamps]
    if written and all(map(_LATE_HOUR.fullmatch, written)):
        logger.warning(
            "%s: all times are whole hours after noon (%s), as those of local midnights told in "
            "UTC are: dates may be a day early; write the local day",
            where,
            written[0],
        )
    return np.array([_day(text, where) for text in written], dtype="datetime64[D]")[codes]


def _day(text: str, where: str) -> np.datetime64:
    match = _DAY.fullmatch(text)
    try:
        if match is not None:
            return np.datetime64("-".join(match.group(1, 3, 4)), "D")
    except ValueError:  # no such day: the same error
        pass
    raise ValueError(f"{where}: dates must be ISO dates or YYYYMMDD, got {text[:80]}; correct it")
