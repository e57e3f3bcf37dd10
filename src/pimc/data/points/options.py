"""How a table of pixel series is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pimc.data.patch import REFLECTANCE_SCALE, SENTINEL2_BANDS

FACTS = ("id", "date", "lon", "lat", "label", "region", "block", "quality")
"""What a long table says of its rows beside the bands."""


@dataclass(frozen=True)
class PointOptions:
    """How to read a table of pixel series.

    Attributes:
        path: an ``.npz``, ``.parquet`` or ``.csv`` file (``read_npz`` and ``read_long`` say what
            they hold).
        classes: class names; a label's place in the list is its code. None leaves labels unread.
        block_degrees: side of the blocks that are kept whole in one fold.
        regions: keep these only; None for all.
        start: first date of an npz that has no ``dates``, ISO.
        step: days between the dates of such an npz.
        columns: of a long table: what they hold (``FACTS`` or a band) -> their name in the file.
        scale: the stored value of reflectance 1.
        no_data: stored values that mean no data, beside 0 and -32768.
        crs: of the coordinates, such as EPSG:32631; None for that of the file, else degrees.
        clear: codes of the quality flag that mean clear ground; None for those of SCL and CLOUD,
            else 0.
        cloudy_above: greatest cloud probability of clear ground, where the flag is a probability.
    """

    path: str
    classes: tuple[str, ...] | None = None
    block_degrees: float = 0.25
    regions: tuple[str, ...] | None = None
    start: str | None = None
    step: int = 10
    columns: Mapping[str, str] = field(default_factory=dict)
    scale: float = REFLECTANCE_SCALE
    no_data: tuple[float, ...] = ()
    crs: str | None = None
    clear: tuple[int | str | bool, ...] | None = None
    cloudy_above: float | None = None

    def __post_init__(self) -> None:
        """Check each option by itself."""
        if self.block_degrees <= 0 or self.step < 1:
            raise ValueError(
                f"expected block_degrees > 0 and step >= 1 day, got {self.block_degrees} and "
                f"{self.step}"
            )
        if self.scale <= 0:
            raise ValueError(f"scale, the stored value of reflectance 1, is > 0, got {self.scale}")
        if self.classes is not None and not 0 < len(set(self.classes)) == len(self.classes) < 256:
            raise ValueError(f"classes must be 1 to 255 different names, got {self.classes}")
        try:
            np.datetime64(self.start or "2021-01-01", "D")
        except ValueError as error:
            raise ValueError(
                f"start must be an ISO date such as 2021-01-01, got {self.start}"
            ) from error
        # YAML's own mapping has no stable text, which the fingerprint needs
        object.__setattr__(self, "columns", dict(sorted((self.columns or {}).items())))
        unknown = sorted(self.columns.keys() - {*FACTS, *SENTINEL2_BANDS})
        if unknown:
            raise ValueError(
                f"columns may name {', '.join((*FACTS, *SENTINEL2_BANDS))}; got "
                f"{', '.join(unknown)}"
            )
        if self.clear is not None and self.cloudy_above is not None:
            raise ValueError("a quality flag has codes (clear) or a probability (cloudy_above)")
