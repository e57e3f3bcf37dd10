"""Series of isolated pixels: the one type that every table becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pimc.data.dates import check_days
from pimc.data.patch import FILL, check_bands
from pimc.data.points.positions import check_degrees


@dataclass(frozen=True, eq=False)
class PointTable:
    """Series of N isolated pixels.

    Attributes:
        reflectance: N x T x C int16, ``FILL`` where there is no data.
        dates: T, datetime64[D], strictly increasing.
        bands: names of the C bands.
        lonlat: N x 2 float, degrees; None where ``blocks`` says what lies together.
        regions: N strings.
        labels: N strings (class names) or integers (class codes), or None.
        source: the file, for messages.
        blocks: N strings, ground that is kept whole in one fold; None for squares of degrees.
        ids: N strings, names of the pixels in the file; None where it has none.
        numbers: N int, places of the pixels in the file's order; None where it has no such order.
        length: pixels that the file holds; None where it has no order.
        missing: number of missing values of the file by cause, for the log.
        unread: what else the file holds, for the log.
    """

    reflectance: np.ndarray
    dates: np.ndarray
    bands: tuple[str, ...]
    lonlat: np.ndarray | None
    regions: np.ndarray
    labels: np.ndarray | None
    source: Path
    blocks: np.ndarray | None = None
    ids: np.ndarray | None = None
    numbers: np.ndarray | None = None
    length: int | None = None
    missing: Mapping[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that all arrays speak of the same pixels, dates and bands, and their units."""
        pixels, times, bands = self.reflectance.shape
        expected = {"dates": (times,), "bands": (bands,), "lonlat": (pixels, 2)}
        by_pixel = ("regions", "labels", "blocks", "ids", "numbers")
        expected |= {name: (pixels,) for name in by_pixel}
        for name, shape in expected.items():
            array = getattr(self, name)
            if array is not None and np.shape(array) != shape:
                raise ValueError(
                    f"{self.source}: {name} must have shape {shape}, because reflectance is "
                    f"{pixels} pixels x {times} dates x {bands} bands; got {np.shape(array)}"
                )
        check_bands(self.bands, str(self.source))
        check_days(self.dates, str(self.source))
        if not (np.diff(self.dates) > np.timedelta64(0, "D")).all():
            raise ValueError(
                f"{self.source}: dates must increase strictly, one a day, got "
                f"{', '.join(map(str, self.dates))}"
            )
        if self.lonlat is not None:
            check_degrees(self.lonlat, str(self.source))
        elif self.blocks is None:
            raise ValueError(f"{self.source}: pixels need a position (lon, lat) or a block")

    def take(self, rows: np.ndarray) -> PointTable:
        """The table of some of its pixels."""
        optional = ("lonlat", "labels", "blocks", "ids", "numbers")
        there = {name: getattr(self, name) for name in optional}
        return replace(
            self,
            reflectance=self.reflectance[rows],
            regions=self.regions[rows],
            **{name: array[rows] for name, array in there.items() if array is not None},
        )

    def name_pixels(self) -> pd.DataFrame:
        """What the file calls its pixels (``pimc.data.patch.NamedPixels``), without places."""
        names: dict[str, object] = {}
        if self.ids is not None:
            names["id"] = self.ids
        if self.lonlat is not None:
            names["lon"], names["lat"] = self.lonlat.T
        if self.numbers is not None:
            names["number"], names["of"] = self.numbers, self.length
        return pd.DataFrame(names, index=range(len(self.regions)))

    def describe(self) -> str:
        """What was read, in a line."""
        pixels, times, _ = self.reflectance.shape
        observed = (self.reflectance != FILL).any(axis=2).mean() if self.reflectance.size else 0.0
        parts = [
            f"{pixels} pixels",
            f"{times} dates" + (f" {self.dates[0]} to {self.dates[-1]}" if times else ""),
            f"bands {' '.join(self.bands)}",
            f"{observed:.0%} of pixels and dates observed",
        ]
        if self.lonlat is not None and pixels:
            (west, south), (east, north) = self.lonlat.min(axis=0), self.lonlat.max(axis=0)
            parts.append(f"lon {west:.2f} to {east:.2f}, lat {south:.2f} to {north:.2f}")
        lost = [f"{count} {cause}" for cause, count in self.missing.items() if count]
        parts.append(f"missing values: {', '.join(lost) or 'none'}")
        if self.unread:
            parts.append(f"left alone: {', '.join(self.unread)}")
        return "; ".join(parts)


def class_codes(labels: np.ndarray, classes: Sequence[str], source: Path) -> np.ndarray:
    """Labels as N uint8 places in the list of classes.

    Args:
        labels: N class names, or N integers that are codes already.
        classes: names in the order of their codes.
        source: the file, for messages.

    Raises:
        ValueError: a label that is not in the list.
    """
    unknown = pd.isna(labels)
    if unknown.any():
        raise ValueError(
            f"{source}: {unknown.sum()} of {len(labels)} pixels have no label; drop them"
        )
    named = not np.issubdtype(labels.dtype, np.integer)
    known = list(classes) if named else list(range(len(classes)))
    values, inverse = np.unique(labels, return_inverse=True)
    strangers = [str(value) for value in values.tolist() if value not in known]
    if strangers:
        raise ValueError(
            f"{source}: label {', '.join(strangers)} is not in classes ({', '.join(classes)}); "
            "add it, or drop its pixels"
        )
    codes = np.array([known.index(value) for value in values.tolist()], dtype=np.uint8)
    return np.asarray(codes[inverse])


def need_names(names: Sequence[str], found: Sequence[str], hint: str, path: Path) -> None:
    """Refuse a file without some of its entries or columns.

    Raises:
        ValueError: what is missing, what is there, what to do.
    """
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"{path}: {', '.join(missing)} missing; it has {', '.join(found)}{hint}")
