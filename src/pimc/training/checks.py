"""Checks that several options share. This module knows no torch."""

from __future__ import annotations


def check_not_negative(options: object, *names: str) -> None:
    """Refuse negative values.

    Raises:
        ValueError: naming the first attribute of ``options`` that is negative.
    """
    for name in names:
        if getattr(options, name) < 0:
            raise ValueError(f"{name} must not be negative, got {getattr(options, name)}")


def check_share(options: object, *names: str) -> None:
    """Refuse what is no share below 1.

    Raises:
        ValueError: naming the first attribute of ``options`` outside 0..1.
    """
    for name in names:
        if not 0 <= getattr(options, name) < 1:
            raise ValueError(f"{name} must lie in 0..1, 1 excluded, got {getattr(options, name)}")
