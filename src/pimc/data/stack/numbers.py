"""How each layer's stored values become reflectance x 10,000, and who said so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pimc.data.patch import REFLECTANCE_SCALE
from pimc.data.stack.header import Layer
from pimc.data.stack.offsets import MOST
from pimc.data.stack.statements import Statement

ASKED = "the option offset"
UNTOLD = "nothing said"
"""Sources of an add beside those that files state."""

LARGEST_GAIN = REFLECTANCE_SCALE
"""Of stored reflectance 0..1; numbers that are larger as they come have a smaller one."""

STORED_TYPES = ("int16", "uint16", "int32", "uint32", "float32", "float64")


@dataclass(frozen=True)
class Numbers:
    """Reflectance x 10,000 = stored x gain + add.

    Attributes:
        gain: of stored values.
        add: to stored values x gain.
        source: who said so.
        disagree: what other sources say of ``add``, in words.
    """

    gain: float = 1.0
    add: float = 0.0
    source: str = UNTOLD
    disagree: str = ""

    def __post_init__(self) -> None:
        """Check that reflectance can come of it."""
        if not 0 < self.gain <= LARGEST_GAIN:
            raise ValueError(f"a gain of {self.gain:g}, not above 0 and at most {LARGEST_GAIN:,}")
        if not abs(self.add) <= MOST:
            raise ValueError(f"an offset of {self.add:g}, not within {MOST:,} either way")


def check_type(layer: Layer) -> None:
    """Refuse what cannot be reflectance.

    Raises:
        ValueError: an 8-bit picture, or a type that no reflectance comes in.
    """
    if layer.dtype in ("uint8", "int8") and layer.tag is None:
        raise ValueError(
            f"{layer.path}: {layer.dtype} holds a picture stretched for the eye, from which "
            "reflectance cannot be recovered; export the bands again as 16-bit integers "
            "(reflectance x 10,000) or as floats"
        )
    if layer.dtype not in (*STORED_TYPES, "uint8", "int8"):
        raise ValueError(
            f"{layer.path}: expected reflectance as {', '.join(STORED_TYPES)}, got {layer.dtype}"
        )


def needs_unit(layer: Layer) -> bool:
    """Whether the unit of a layer must be judged by its values: 0..1 or x 10,000."""
    return layer.tag is not None or layer.dtype.startswith("float")


def settle_numbers(
    layer: Layer, asked: int | None, statements: Sequence[Statement], unit: float
) -> Numbers:
    """Gain and add of a layer: tags count literally, the user before all else that is said.

    Args:
        layer: of reflectance.
        asked: add that the user asks for, or None.
        statements: of the file's name and metadata, the closest first.
        unit: what physical values are multiplied with to be reflectance x 10,000.

    Raises:
        ValueError: asked for and tagged at once.
    """
    said = [each for each in statements if each.add is not None]
    if layer.tag is not None:
        scale, offset = layer.tag
        if asked is not None and (asked, offset) != (0, 0):
            raise ValueError(
                f"{layer.path}: offset asks for {asked}, but band {layer.source} is tagged with "
                f"scale {scale:g} and offset {offset:g}, which count already; set offset: auto, "
                "or correct the tags (gdal_edit.py -scale 1 -offset 0 removes them)"
            )
        tagged = (_whole(scale * unit), _whole(offset * unit))
        return Numbers(*tagged, "scale and offset tags", _disagree(tagged[1], said))
    gain = next((each.gain for each in statements if each.gain is not None), None)
    if layer.dtype.startswith("float"):
        gain = unit
    gain = 1.0 if gain is None else _whole(gain)
    if asked is not None:
        return Numbers(gain, asked, ASKED)
    if not said:
        return Numbers(gain)
    first = said[0]
    add = _whole(float(first.add or 0))
    return Numbers(gain, add, first.source, _disagree(add, said[1:]))


def _disagree(add: float, others: Sequence[Statement]) -> str:
    words = [
        f"{other.source} says {other.add:g}"
        for other in others
        if other.add is not None and not np.isclose(other.add, add, atol=1)
    ]
    return ", ".join(dict.fromkeys(words))


def _whole(value: float) -> float:
    """A number free of the rounding of tags: 0.0001 in single precision is 1 after x 10,000."""
    near = round(value)
    return float(near) if abs(value - near) < 1e-6 * max(1, abs(near)) else value
