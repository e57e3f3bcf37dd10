"""What a time series of images is: the one type that every reader gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from pimc.data.dates import check_days

if TYPE_CHECKING:
    import pandas as pd

FILL = -32768
"""The one fill value of int16 reflectance: no data in this band, at this pixel and date."""

REFLECTANCE_SCALE = 10_000
"""Stored reflectance = physical reflectance (0..1) x this."""

SENTINEL2_BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
"""The ten 10 m and 20 m bands in PASTIS's order."""

LABEL_COLUMNS = ("parcel", "label", "class", "place", "block", "fold", "pixels", "kept")
"""Of a table of labelled features: number, code, class, where it lies, its fold, its pixels, and
those of them that no gap between folds takes."""

UNUSED_FOLD = 0
"""Ground that belongs to no fold: the gap beside held-out ground, or another patch's pixel."""


@dataclass(frozen=True)
class Georeference:
    """Where a grid lies: the CRS as WKT and the affine transform (a, b, c, d, e, f)."""

    crs: str
    transform: tuple[float, float, float, float, float, float]

    def __post_init__(self) -> None:
        """Check that the grid has cells."""
        a, b, _, d, e, _ = self.transform
        if not (np.isfinite(self.transform).all() and a * e - b * d):
            raise ValueError(
                f"expected the affine transform of a grid, six finite numbers, got {self.transform}"
            )


@dataclass(frozen=True)
class Patch:
    """A time series of images of one piece of ground, normalised by its reader.

    Attributes:
        patch_id: unique within a source.
        reflectance: T x C x H x W int16, reflectance x 10,000 with any processing offset
            removed; ``FILL`` where there is no data. May be a read-only memory map.
        dates: T, datetime64[D], strictly increasing.
        bands: names of the C bands, as in ``SENTINEL2_BANDS``.
        place: the place or tile that the patch is cut from; patches of one place share a grid.
        folds: H x W uint8, the fold 1..5 of each pixel; ``UNUSED_FOLD`` where a pixel must not
            be sampled.
        labels: H x W class of each pixel, uint8, or int16 where some have none (-1); None where
            there are no labels.
        parcels: H x W int32 parcel of each pixel, 0 = none, or None where unknown.
        clear: T x H x W bool, True where the source's own cloud mask says clear; None without one.
        origin: row and column of the patch's first pixel in the grid of its place.
        georeference: of the patch (not of the place), or None.
        substitutions: band asked for -> band that stands in for it (B08 -> B8A).
        reading: what the reader made of the place's files, in words: JSON-like.
        removed: how many values are no data, by cause.
        dealing: of the folds, by a name, where they come from labels; "" elsewhere.
    """

    patch_id: str
    reflectance: np.ndarray
    dates: np.ndarray
    bands: tuple[str, ...]
    place: str
    folds: np.ndarray
    labels: np.ndarray | None = None
    parcels: np.ndarray | None = None
    clear: np.ndarray | None = None
    origin: tuple[int, int] = (0, 0)
    georeference: Georeference | None = None
    substitutions: Mapping[str, str] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    dealing: str = ""

    def __post_init__(self) -> None:
        """Check dtypes, shapes and the order of dates; say which patch is wrong and how."""
        cube = self.reflectance
        if cube.ndim != 4 or cube.dtype != np.int16:
            raise ValueError(
                f"patch {self.patch_id}: reflectance must be T x C x H x W int16, "
                f"got {cube.dtype} of shape {cube.shape}"
            )
        times, bands, rows, cols = cube.shape
        if bands != len(self.bands):
            raise ValueError(
                f"patch {self.patch_id}: expected {len(self.bands)} bands "
                f"({', '.join(self.bands)}), got {bands}"
            )
        check_bands(self.bands, f"patch {self.patch_id}")
        if self.dates.shape != (times,):
            raise ValueError(
                f"patch {self.patch_id}: {times} images but {len(self.dates)} dates; "
                "every image needs its date"
            )
        check_days(self.dates, f"patch {self.patch_id}")
        if times > 1 and not (np.diff(self.dates) > np.timedelta64(0, "D")).all():
            raise ValueError(
                f"patch {self.patch_id}: dates must increase strictly, got "
                f"{', '.join(map(str, self.dates))}"
            )
        ground = {"folds": self.folds, "labels": self.labels, "parcels": self.parcels}
        for name, array in ground.items():
            if array is not None and array.shape != (rows, cols):
                raise ValueError(
                    f"patch {self.patch_id}: {name} must be {rows} x {cols} like the images, "
                    f"got {array.shape}"
                )
        if self.clear is not None and self.clear.shape != (times, rows, cols):
            raise ValueError(
                f"patch {self.patch_id}: clear must be {times} x {rows} x {cols}, "
                f"got {self.clear.shape}"
            )


def check_bands(bands: Sequence[str], where: str) -> None:
    """Refuse bands of one name: which of them is read would be chance.

    Raises:
        ValueError: naming them.
    """
    if twice := sorted({band for band in bands if list(bands).count(band) > 1}):
        raise ValueError(f"{where}: each band must be there once, got {', '.join(twice)} twice")


class PatchSource(Protocol):
    """A patch not read yet: call it to read. ``scenes`` is ``{patch id: PatchSource}``."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the patch would read differently (files, options, version)."""

    def __call__(self) -> Patch:
        """Read the patch."""


@runtime_checkable
class NamedPixels(Protocol):
    """A source whose pixels have names of their own, by which other files may tell them."""

    def name_pixels(self) -> pd.DataFrame:
        """One row a pixel: row and col in the patch, and what its source calls it.

        Columns, as far as there are such: id (text), lon and lat (degrees), number (place in the
        order of the source's table, from 0) and of (how many that table has).
        """


@runtime_checkable
class LabelledGround(Protocol):
    """A source whose labels come from a file of the user's, with classes of its own."""

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names by code; None without labels."""

    @property
    def label_table(self) -> pd.DataFrame | None:
        """One row a labelled feature, with ``LABEL_COLUMNS``; None without labels."""
