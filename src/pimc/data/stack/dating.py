"""The acquisition date in the name of a file, a folder or a band."""

from __future__ import annotations

import re

import numpy as np

PRODUCT_NAMES = (
    # ESA since December 2016: sensing first, then baseline, orbit, tile, and the product's own date
    r"S2[A-Z]_MSIL(?:1C|2A)_((?:19|20)\d{6})T\d{6}",
    # Earth Engine's system:index: sensing, processing, tile
    r"(?<!\d)((?:19|20)\d{6})T\d{6}_\d{8}T\d{6}_T\d{2}[A-Z]{3}",
)
"""Names that bear more than one date by rule; the group is the date of acquisition."""

ANY_DATE = r"(?<!\d)((?:19|20)\d{2}[-_]?\d{2}[-_]?\d{2})(?:\d{6})?(?!\d)"
"""YYYYMMDD or YYYY-MM-DD, a time of day written to it or not."""


def dates_in(name: str, pattern: str | None = None) -> tuple[str, ...]:
    """The different valid dates in a name as ISO text, in the order in which they stand.

    Args:
        name: of a file, a folder or a band.
        pattern: regular expression; the digits of its match (of its groups, if it has any) must
            be YYYYMMDD. None reads known product names by their rule, others by ``ANY_DATE``.
    """
    if pattern is None:
        known = _dates(name, "|".join(PRODUCT_NAMES))
        return known or _dates(name, ANY_DATE)
    return _dates(name, pattern)


def find_date(name: str, pattern: str | None = None) -> str | None:
    """The one date in a name, or None.

    Raises:
        ValueError: the name bears several different dates.
    """
    dates = dates_in(name, pattern)
    if len(dates) > 1:
        raise ValueError(
            f"{name} bears several dates ({', '.join(dates)}): say which one is the acquisition's "
            "by date_pattern in conf/stack/catalog_ingestion.yml, a regular expression with a "
            r"group around its digits, such as 'T31TCJ_(\d{8})'"
        )
    return dates[0] if dates else None


def _dates(name: str, pattern: str) -> tuple[str, ...]:
    dates: dict[str, None] = {}
    for match in re.finditer(pattern, name):
        digits = re.sub(r"\D", "", "".join(match.groups(default="")) or match[0])
        try:
            day = np.datetime64(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}", "D")
        except ValueError:
            continue
        dates[str(day)] = None
    return tuple(dates)
