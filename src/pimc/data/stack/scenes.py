"""Folders of dated multi-band GeoTIFFs on one grid, one folder a place."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from pimc.data.dates import MIN_DATES, need_dates
from pimc.data.fingerprint import fingerprint
from pimc.data.patch import Patch
from pimc.data.stack.bands import CLEAR_CODES
from pimc.data.stack.files import Image, find_places
from pimc.data.stack.place import Place, Reading, open_place
from pimc.data.windows import Span, patch_folds, spans, split_ground

logger = logging.getLogger(__name__)

SAMPLES_A_SIDE = 8
"""Rows and columns of a window that are looked at to tell whether a date is empty there."""

READER_VERSION = 1


@dataclass(frozen=True)
class StackOptions:
    """How to read a stack.

    Attributes:
        path: a folder of dated GeoTIFFs, or a folder of such folders, one a place.
        bands: wanted, in this order; B8A stands in for a missing B08.
        band_names: names of the files' bands in file order, for files without descriptions.
        patch_size: pixels a side; the smallest side over the places where that is less.
        offset: added to stored values (-1000 for L2A since baseline 04.00); one number, or one
            for each place by name (0 where not named).
        mask: ``auto`` (SCL, else CLOUD, where all files of a place have it), ``SCL``, ``CLOUD``,
            or None to leave masks alone.
        date_pattern: regular expression that finds YYYYMMDD or YYYY-MM-DD in a file name; its
            groups, if it has any, hold the digits.
        held_out: share of the longer side of each place that is kept for validation.
        gap: unused pixels between training and held-out ground, wider than a crop.
    """

    path: str
    bands: tuple[str, ...] = ("B02", "B03", "B04", "B08")
    band_names: tuple[str, ...] | None = None
    patch_size: int = 96
    offset: int | Mapping[str, int] = 0
    mask: str | None = "auto"
    date_pattern: str = r"(?<!\d)(?:19|20)\d{2}[-_]?\d{2}[-_]?\d{2}(?!\d)"
    held_out: float = 0.3
    gap: int = 17

    def __post_init__(self) -> None:
        """Check each option by itself."""
        unknown = [band for band in self.bands if not re.fullmatch(r"B(\d\d|8A)", band)]
        if unknown or not self.bands or len(set(self.bands)) < len(self.bands):
            raise ValueError(
                f"bands must be different names such as B02 or B8A, got {', '.join(self.bands)}"
            )
        if self.patch_size < 1 or self.gap < 0 or not 0 <= self.held_out < 1:
            raise ValueError(
                "expected patch_size >= 1, gap >= 0 and held_out in [0, 1), got "
                f"{self.patch_size}, {self.gap} and {self.held_out}"
            )
        offsets = self.offset.values() if isinstance(self.offset, Mapping) else [self.offset]
        if not all(isinstance(offset, int) for offset in offsets):
            raise ValueError(f"offset must be whole numbers such as 0 or -1000, got {self.offset}")
        if self.mask not in (None, "auto", *CLEAR_CODES):
            raise ValueError(
                f"mask must be auto, {', '.join(CLEAR_CODES)} or null, got {self.mask!r}"
            )
        try:
            re.compile(self.date_pattern)
        except re.error as error:
            raise ValueError(
                f"date_pattern {self.date_pattern!r} is no regular expression: {error}"
            ) from error


@dataclass(frozen=True, eq=False)
class StackPatch:
    """One window of a place, unread.

    Attributes:
        patch_id: place, first row and first column.
        place: that it is cut from.
        images: those that have data in the window.
        rows: of the window.
        cols: of the window.
        folds: H x W uint8 of the window.
        fingerprint: of files and options.
    """

    patch_id: str
    place: Place
    images: tuple[Image, ...]
    rows: Span
    cols: Span
    folds: np.ndarray
    fingerprint: str

    def __call__(self) -> Patch:
        """Read the window of each image: every file opened once, only the bands needed.

        Raises:
            ValueError: a file cannot be read.
        """
        from rasterio.windows import Window

        window = Window.from_slices(
            (self.rows.start, self.rows.stop), (self.cols.start, self.cols.stop)
        )
        times, bands, shape = len(self.images), len(self.place.bands), self.folds.shape
        reflectance = np.empty((times, bands, *shape), dtype=np.int16)
        clear = np.empty((times, *shape), dtype=bool)
        for time, image in enumerate(self.images):
            reflectance[time], codes = self.place.read(image, window)
            if codes is not None:
                clear[time] = np.isin(codes, CLEAR_CODES[str(self.place.mask)])
        return Patch(
            patch_id=self.patch_id,
            reflectance=reflectance,
            dates=np.array([image.day for image in self.images], dtype="datetime64[D]"),
            bands=self.place.bands,
            place=self.place.name,
            folds=self.folds,
            clear=None if self.place.mask is None else clear,
            origin=(self.rows.start, self.cols.start),
            georeference=self.place.grid.part(self.rows.start, self.cols.start),
            substitutions=self.place.substitutions,
        )


def stack_scenes(options: StackOptions) -> dict[str, StackPatch]:
    """The patches of every place, unread.

    Headers of all files are checked here, and a few pixels of each tell which dates are empty.

    Raises:
        FileNotFoundError: no such folder, or no dated GeoTIFF in it.
        ValueError: two files of one date, another grid, a band missing, too few dates, or
            ground too small to split.
    """
    found = find_places(Path(options.path), options.date_pattern)
    offsets = _offsets(options.offset, tuple(found))
    places = [
        open_place(name, files, Reading(options.bands, options.band_names, options.mask, offset))
        for (name, files), offset in zip(found.items(), offsets, strict=True)
    ]
    smallest = min(min(place.grid.shape) for place in places)
    size = min(options.patch_size, smallest)
    if size < options.patch_size:
        logger.warning(
            "patch_size %d lowered to %d, the smallest side of a place", options.patch_size, size
        )
    return {patch.patch_id: patch for place in places for patch in _cut(place, size, options)}


def _offsets(offset: int | Mapping[str, int], places: tuple[str, ...]) -> list[int]:
    """The offset of each place, in order."""
    if not isinstance(offset, Mapping):
        return [offset] * len(places)
    unknown = sorted(set(offset) - set(places))
    if unknown:
        raise ValueError(
            f"offset names {', '.join(unknown)}, but the places are {', '.join(places)}"
        )
    return [offset.get(place, 0) for place in places]


def _cut(place: Place, size: int, options: StackOptions) -> Iterator[StackPatch]:
    """Windows of a place, each with the images that have data in it."""
    rows, cols = place.grid.shape
    try:
        ground = split_ground((rows, cols), options.held_out, options.gap)
    except ValueError as error:
        raise ValueError(f"place {place.name}: {error}") from error
    days = tuple(image.day for image in place.images)
    step = max(1, size // SAMPLES_A_SIDE)
    samples = np.stack([place.data_sample(image, step) for image in place.images])
    _report_empty(place.name, days, samples)
    stamps = [(image.day, image.stamp, image.bands) for image in place.images]
    facts = (READER_VERSION, place.name, place.bands, place.mask, place.offset, stamps)
    digits = max(3, len(str(max(rows, cols))))
    for row, col in product(spans(rows, size), spans(cols, size)):
        patch_id = f"{place.name}_r{row.start:0{digits}d}_c{col.start:0{digits}d}"
        images = tuple(
            image
            for image, sample in zip(place.images, samples, strict=True)
            if _inside(sample, row, col, place.grid.shape).any()
        )
        if len(images) < MIN_DATES:
            logger.info("%s left out: data on %d dates only", patch_id, len(images))
            continue
        folds = patch_folds(ground, row, col)
        hashed = fingerprint(facts, row, col, len(images), options.held_out, options.gap)
        yield StackPatch(patch_id, place, images, row, col, folds, hashed)


def _inside(sample: np.ndarray, row: Span, col: Span, shape: tuple[int, int]) -> np.ndarray:
    """The samples of a place whose pixels lie in a window."""
    rows, cols = (
        slice(*(np.ceil(np.array([span.start, span.stop]) * count / length - 0.5).astype(int)))
        for span, count, length in zip((row, col), sample.shape, shape, strict=True)
    )
    return sample[rows, cols]


def _report_empty(place: str, days: tuple[str, ...], samples: np.ndarray) -> None:
    """Log the dates that have no data anywhere in a place; refuse a place with too few others."""
    seen = [bool(sample.any()) for sample in samples]
    empty = [day for day, any_data in zip(days, seen, strict=True) if not any_data]
    if empty:
        logger.info(
            "place %s: %d of %d dates are empty, dropped: %s",
            place,
            len(empty),
            len(days),
            ", ".join(empty),
        )
    need_dates(sum(seen), f"place {place}")
