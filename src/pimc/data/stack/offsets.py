"""The option ``offset``: what the user says, which overrules what the files say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MOST = 10_000
"""Reflectance 1: no file is further off."""

Offset = int | str | Mapping[str, "Offset"]
"""A whole number, ``auto``, or either by place or by dates."""


def check_offset(offset: object) -> None:
    """Refuse what is no number, ``auto``, or mapping of such.

    Raises:
        ValueError: on any other value, or on dates that overlap and differ.
    """
    if isinstance(offset, Mapping):
        for value in offset.values():
            check_offset(value)
        return
    if isinstance(offset, int) and not isinstance(offset, bool) and abs(offset) <= MOST:
        return
    if offset != "auto":
        raise ValueError(
            f"offset must be whole numbers such as 0 or -1000, got {offset} (at most {MOST} either "
            "way); one for all, or some by place or by dates; auto leaves it to the files"
        )


def check_places(offset: Offset, places: Iterable[str]) -> None:
    """Refuse an offset for a place that is not there.

    Raises:
        ValueError: a key is neither a place nor dates.
    """
    if not isinstance(offset, Mapping):
        return
    known = tuple(places)
    named = [str(key) for key in offset if _span(str(key)) is None]
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise ValueError(
            f"offset names {', '.join(unknown)}, but the places are {', '.join(known)} "
            "(dates are written 2022-01-25, 2022-01-25/2022-12-31, 2022-01-25/.. or ../2022-01-24)"
        )


def asked_offset(offset: Offset, place: str, day: str) -> int | None:
    """The offset that the user asks for at a place and date; None leaves it to the files.

    A place counts before dates that hold for all places.

    Raises:
        ValueError: two spans of dates hold the day and differ.
    """
    if isinstance(offset, Mapping):
        texts = {str(key): value for key, value in offset.items()}
        if place in texts and _span(place) is None:
            return asked_offset(texts[place], place, day)
        found = {
            key: value
            for key, value in texts.items()
            if (span := _span(key)) is not None and span[0] <= day <= span[1]
        }
        values = {asked_offset(value, place, day) for value in found.values()}
        if len(values) > 1:
            raise ValueError(
                f"offset has several values for {day}, by {' and '.join(found)}; "
                "let each date lie in one span"
            )
        return values.pop() if values else None
    return None if isinstance(offset, str) else offset


def _span(key: str) -> tuple[str, str] | None:
    """First and last day of a key, open ends at the ends of time; None where it is no dates."""
    day = r"\d{4}-\d{2}-\d{2}"
    match = re.fullmatch(rf"({day}|\.\.)?/({day}|\.\.)?|({day})", key.replace(" ", ""))
    if match is None:
        return None
    if match[3]:
        return match[3], match[3]
    first, last = (text if text and text != ".." else "" for text in match.groups()[:2])
    return first or "0000", last or "9999"
