"""How many dates a series needs."""

from __future__ import annotations

MIN_DATES = 3
"""A series of fewer dates has no course to learn from."""


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
            f"{where}: too few dates: a series needs at least {MIN_DATES} with data, got {count}"
        )
