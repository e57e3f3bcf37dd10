"""A quality flag of a table: which observations are clear."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pimc.data import mask_codes
from pimc.data.mask_codes import CLEAR_CODES

QUALITY_NAMES = ("quality", *CLEAR_CODES)
"""Columns that are taken for a quality flag without being named."""

CODES = {
    **mask_codes.CODES,
    "QUALITY": (*range(16), *(2**n for n in range(4, 17))),
}
"""What such a column may hold; a flag of another name holds small codes or bits."""

POSITIVE = ("valid", "clear", "good", "usable", "datamask")
"""In such a name 0 would be what is left out."""

Code = int | str | bool


def quality_column(names: Sequence[str], source: Path) -> str | None:
    """The column or entry that is a quality flag by its name, or None.

    Raises:
        ValueError: several are.
    """
    known = {name.upper() for name in QUALITY_NAMES}
    found = [name for name in names if name.upper() in known]
    if len(found) > 1:
        raise ValueError(
            f"{source} has several quality flags, {', '.join(found)}: name the one that counts in "
            "`columns: {quality: ...}`"
        )
    return found[0] if found else None


def clear_observations(
    flags: np.ndarray | pd.Series,
    name: str,
    source: Path,
    clear: Sequence[Code] | None = None,
    cloudy_above: float | None = None,
) -> np.ndarray:
    """True where a quality flag says clear; a missing flag does not.

    Args:
        flags: codes, or a cloud probability where ``cloudy_above`` is given; any shape.
        name: of the flag: SCL and CLOUD have codes of their own.
        source: the file, for messages.
        clear: codes of clear ground; None for those of the name, else 0.
        cloudy_above: greatest probability of clear ground, in the unit of the flag.

    Raises:
        ValueError: flags that are no such codes or probabilities, or none that is clear.
    """
    where = f"{source}: quality flag {name}"
    flat = pd.Series(np.ravel(np.asarray(flags)))
    if cloudy_above is not None:
        found = _below(flat, cloudy_above, where)
    else:
        if clear is None:
            _check_codes(flat, name, where)
        codes = CLEAR_CODES.get(name.upper(), (0,)) if clear is None else clear
        found = flat.isin(list(codes)).to_numpy()
        if not found.any():
            raise ValueError(
                f"{where}: no observation is clear ({', '.join(map(str, codes))}); it has "
                f"{', '.join(map(str, flat.dropna().unique()[:12]))}: name the codes of clear "
                "ground in `clear`"
            )
    return found.reshape(np.shape(flags))


def _below(flags: pd.Series, cloudy_above: float, where: str) -> np.ndarray:
    try:
        values = flags.to_numpy(dtype=float, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}: a probability must be a number ({error})") from error
    least, most = np.nanmin(values, initial=np.inf), np.nanmax(values, initial=-np.inf)
    if least < 0 or most > 100 or (most <= 1 < cloudy_above) or cloudy_above <= 0:
        raise ValueError(
            f"{where}: expected a probability in the unit of cloudy_above ({cloudy_above:g}), "
            f"0..1 or 0..100; got {least:g} to {most:g}"
        )
    return np.asarray(values <= cloudy_above)


def _check_codes(flags: pd.Series, name: str, where: str) -> None:
    """Refuse what is no list of codes: a probability, words, true and false."""
    if any(word in name.lower() for word in POSITIVE):
        raise ValueError(f"{where}: its codes of clear ground are not known: name them in `clear`")
    known = CODES.get(name.upper(), CODES["QUALITY"])
    strangers = [value for value in flags.dropna().unique() if not _is_code(value, known)]
    if strangers:
        raise ValueError(
            f"{where}: expected codes, got {', '.join(map(str, strangers[:5]))}: name the codes "
            "of clear ground in `clear`, or, for a cloud probability, the greatest one of clear "
            "ground in `cloudy_above`"
        )


def _is_code(value: object, known: Sequence[int]) -> bool:
    return not isinstance(value, bool | np.bool_ | str) and value in known
