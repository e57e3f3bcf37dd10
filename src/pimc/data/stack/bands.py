"""Bands of a GeoTIFF stack: their names, stand-ins, mask codes and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from pimc.data.patch import FILL

STAND_INS = {"B08": "B8A"}
"""Both are near infrared: 842 nm, 106 nm wide, and 865 nm, 21 nm wide."""

CLEAR_CODES = {
    # Sen2Cor's scene classification: vegetation, bare, water, unclassified. Left out are snow (11)
    # and dark ground (2), which since baseline 04.00 is mostly cast shadow.
    "SCL": (4, 5, 6, 7),
    # 0 clear, 1 cloud, 2 shadow, 3 snow
    "CLOUD": (0,),
}
"""Mask bands that are understood, first choice first, and their codes for clear ground."""

NO_DATA_UINT16 = 65_535


def band_name(description: str) -> str:
    """The band's name in Sentinel-2's spelling: ``b2``, ``B02`` and ``B2`` are all ``B02``."""
    match = re.fullmatch(r"[bB]0?(\d{1,2})([aA]?)", description.strip())
    if match is None:
        return description.strip().upper()
    number, letter = match.groups()
    return f"B{number}A" if letter else f"B{int(number):02d}"


def name_bands(
    descriptions: Sequence[str | None], given: Sequence[str] | None, where: str
) -> tuple[str, ...]:
    """Names of a file's bands: its descriptions, or the given list where they name no band.

    Raises:
        ValueError: neither names them, the list has another length, or a name occurs twice.
    """
    names = tuple(band_name(text or "") for text in descriptions)
    if not any(re.fullmatch(r"B(\d\d|8A)", name) for name in names):
        if given is None:
            raise ValueError(
                f"{where}: its {len(names)} bands have no descriptions such as B02; "
                "list their names in band_names"
            )
        if len(given) != len(names):
            raise ValueError(
                f"{where}: band_names lists {len(given)} bands ({', '.join(given)}), "
                f"but the file has {len(names)}"
            )
        names = tuple(band_name(text) for text in given)
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{where}: band {', '.join(twice)} is there twice; describe each band once"
        )
    return names


def stand_ins(wanted: Iterable[str], available: Sequence[str], place: str) -> dict[str, str]:
    """Which wanted bands another one stands in for: band asked for -> band read.

    Raises:
        ValueError: a band is missing and nothing stands in for it.
    """
    substitutions = {}
    for band in wanted:
        if band in available:
            continue
        if STAND_INS.get(band) not in available:
            raise ValueError(
                f"place {place}: band {band} is missing; available in all its files: "
                f"{', '.join(name for name in available if name) or 'none'}"
            )
        substitutions[band] = STAND_INS[band]
    return substitutions


def normalise(values: np.ndarray, no_data: Sequence[float | None], offset: int) -> np.ndarray:
    """Stored values to reflectance x 10,000: offset added, no data to ``FILL``.

    No data is the file's own value in a band, 65,535 in uint16, or 0 in all bands. Values beyond
    int16 (reflectance above 3.27: glint, saturation) are clipped to its ends.

    Args:
        values: C x ... integers as stored.
        no_data: C values, None where a band declares none.
        offset: -1000 for L2A of processing baseline 04.00 and later, else 0.

    Returns:
        C x ... int16.
    """
    missing = np.broadcast_to((values == 0).all(axis=0), values.shape).copy()
    for band, value in enumerate(no_data):
        if value is not None:
            missing[band] |= values[band] == value
    if values.dtype == np.uint16:
        missing |= values == NO_DATA_UINT16
    limits = np.iinfo(np.int16)
    reflectance = np.clip(values.astype(np.int32) + offset, FILL + 1, limits.max).astype(np.int16)
    reflectance[missing] = FILL
    return reflectance
