"""Names of a stack's bands: what descriptions and file names mean, and which bands stand in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

STAND_INS = {"B08": "B8A"}
"""Both are near infrared: 842 nm, 106 nm wide, and 865 nm, 21 nm wide."""

DATA_MASK = "DATAMASK"
"""Tells where there are data: 0 nowhere, anything else there."""

# STAC's common names, and the keys that its catalogs of Sentinel-2 give to assets
_COMMON = {
    "COASTAL": "B01",
    "BLUE": "B02",
    "GREEN": "B03",
    "RED": "B04",
    "REDEDGE": "B05",
    "REDEDGE1": "B05",
    "REDEDGE071": "B05",
    "REDEDGE2": "B06",
    "REDEDGE075": "B06",
    "REDEDGE3": "B07",
    "REDEDGE078": "B07",
    "NIR": "B08",
    "NIR08": "B8A",
    "NIR09": "B09",
    "CIRRUS": "B10",
    "SWIR1": "B11",
    "SWIR16": "B11",
    "SWIR2": "B12",
    "SWIR22": "B12",
}
_OTHERS = {
    "SCL": "SCL",
    "CLOUD": "CLOUD",
    "CLOUDMASK": "CLOUD",
    "S2MASK": "S2_MASK",
    "CLM": "CLM",
    "CLP": "CLP",
    "CLD": "CLOUD_PROBABILITY",
    "CLDPRB": "CLOUD_PROBABILITY",
    "MSKCLDPRB": "CLOUD_PROBABILITY",
    "CLOUDPROBABILITY": "CLOUD_PROBABILITY",
    "CLOUDPROB": "CLOUD_PROBABILITY",
    "PROBABILITY": "CLOUD_PROBABILITY",
    "DATAMASK": DATA_MASK,
    "VALIDMASK": DATA_MASK,
    "ALPHA": DATA_MASK,
}
_KNOWN = _COMMON | _OTHERS
_REFLECTANCE = {"B8A", *(f"B{number:02d}" for number in range(1, 13))}
_NAMES = _REFLECTANCE | set(_OTHERS.values())
_SEPARATORS = r"[\s_.:/-]+"


def _known_name(text: str) -> str | None:
    """Sentinel-2's spelling of a name of reflectance or mask, None where it is neither."""
    match = re.fullmatch(r"[bB]0?(\d{1,2})([aA]?)", text)
    if match is not None:
        number, letter = int(match[1]), match[2].upper()
        spelled = f"B{number}A" if letter else f"B{number:02d}"
        return spelled if spelled in _REFLECTANCE else None
    return _KNOWN.get(re.sub(_SEPARATORS, "", text).upper())


def band_name(description: str) -> str:
    """The band's name in Sentinel-2's spelling: ``b2``, ``blue`` and ``0_B2`` are all ``B02``."""
    return split_name(description)[1]


def split_name(description: str) -> tuple[str, str]:
    """What a description says before the band, and the band: ``0_B4`` is ``("0", "B04")``.

    A description that names no band is given back in capitals, with nothing before it.
    """
    # GDAL writes "B4, central wavelength 665 nm", the Copernicus Browser "..._B04_(Raw)"
    text = re.sub(rf"{_SEPARATORS}$", "", re.split(r"[,(]", description.strip())[0])
    text = re.sub(r"[_-](?:10|20|60)m$", "", text, flags=re.IGNORECASE)
    dated = re.fullmatch(r"(.+?)[\s_.:-](\d{8}(?:T\d{6})?|\d{4}-\d\d-\d\d\S*)", text)
    if dated is not None and split_name(dated[1])[1] in _NAMES:  # B4_20210514
        before, band = split_name(dated[1])
        return f"{before}_{dated[2]}".strip("_"), band
    starts = [0, *(match.end() for match in re.finditer(_SEPARATORS, text))]
    for start in starts:
        name = _known_name(text[start:])
        if name is not None:
            return re.sub(rf"{_SEPARATORS}$", "", text[:start]), name
    return "", description.strip().upper()


def is_reflectance(name: str) -> bool:
    """Whether a name in Sentinel-2's spelling is a band of reflectance."""
    return name in _REFLECTANCE


def is_known(name: str) -> bool:
    """Whether a name in Sentinel-2's spelling is reflectance or a mask that is understood."""
    return name in _NAMES


def name_bands(
    descriptions: Sequence[str | None], given: Sequence[str] | None, where: str
) -> tuple[str, ...]:
    """Names of a file's bands: the given list, else its descriptions.

    Descriptions that number the bands (``b1`` is the first, ``b2`` the second, ...) are a
    program's and name none.

    Raises:
        ValueError: neither names them, or the list contradicts them or has another length.
    """
    described = tuple(band_name(text or "") for text in descriptions)
    numbered = _are_numbers(descriptions)
    if given is not None:
        return _given_names(described, numbered, given, where)
    if numbered:
        raise ValueError(
            f"{where}: its bands are described as {_list(descriptions)}, which is their order and "
            "may not be their name; list their names in band_names"
        )
    if not any(map(is_known, described)):
        said = (
            f"bands are described as {_list(descriptions)}, none of which names a Sentinel-2 band"
            if any(descriptions)
            else "bands have no descriptions"
        )
        raise ValueError(
            f"{where}: its {len(described)} {said} such as B02, B2 or blue; "
            "list their names in band_names"
        )
    return described


def _given_names(
    described: Sequence[str], numbered: bool, given: Sequence[str], where: str
) -> tuple[str, ...]:
    if len(given) != len(described):
        raise ValueError(
            f"{where}: band_names lists {len(given)} bands ({', '.join(given)}), "
            f"but the file has {len(described)}"
        )
    names = tuple(band_name(text) for text in given)
    for number, (name, own) in enumerate(zip(names, described, strict=True), 1):
        if is_known(own) and not numbered and own != name:
            raise ValueError(
                f"{where}: band {number} is {name} by band_names, but the file describes it as "
                f"{own}; correct one of the two, or leave band_names out (null)"
            )
    return names


def _are_numbers(descriptions: Sequence[str | None]) -> bool:
    """Whether descriptions of the form b3 are all the band's own position in the file.

    B01 to B08 may be names; a ninth in a row is none, as B8A comes before B09 in every product.
    """
    at = {
        position: re.fullmatch(r"[bB](0?)([1-9]\d?)", (text or "").strip())
        for position, text in enumerate(descriptions, 1)
    }
    numbers = {position: int(match[2]) for position, match in at.items() if match}
    padded = any(match[1] for match in at.values() if match)
    count = len(numbers)
    reflectance = [text for text in descriptions if is_reflectance(band_name(text or ""))]
    in_order = numbers == {n: n for n in range(1, count + 1)}
    return count > (8 if padded else 1) and count == len(reflectance) and in_order


def _list(descriptions: Sequence[str | None]) -> str:
    return ", ".join(repr(text or "") for text in descriptions)


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
