"""Folders of dated rasters, one folder a place, as patches."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pimc.data.dates import MIN_DATES, need_dates
from pimc.data.fingerprint import fingerprint
from pimc.data.labels.ground import Ground, Window
from pimc.data.labels.labelling import Cutting, Labelling, label_places
from pimc.data.labels.laying import PlaceGrid
from pimc.data.patch import Patch
from pimc.data.stack.files import find_places
from pimc.data.stack.images import Image
from pimc.data.stack.look import check_numbers, log_summary, look_at, summarise
from pimc.data.stack.offsets import check_places
from pimc.data.stack.options import SceneOptions
from pimc.data.stack.place import Place, open_place
from pimc.data.stack.settling import Reading
from pimc.data.stack.validity import CAUSES
from pimc.data.windows import Span, patch_folds, spans, split_ground

logger = logging.getLogger(__name__)

SAMPLES_A_SIDE = 8
"""Rows and columns of a window that are looked at to tell whether a date is empty there."""

READER_VERSION = 2


@dataclass(frozen=True)
class StackOptions(SceneOptions):
    """How to read a stack; its path is a folder of dated rasters, or of such folders.

    Attributes:
        band_names: names of the files' bands in file order; overrules descriptions that name none
            (``b1``, ``b2``, ...) and may not contradict those that do.
        date_pattern: regular expression that finds YYYYMMDD or YYYY-MM-DD in a file name; its
            groups, if it has any, hold the digits. None reads product names by their rule and
            finds the date of any other name.
        grid: of a place whose files differ: ``refuse``, ``first`` (that of the first date), or a
            raster of the place's folder.
    """

    band_names: tuple[str, ...] | None = None
    date_pattern: str | None = None
    grid: str = "refuse"

    def __post_init__(self) -> None:
        """Check each option by itself."""
        super().__post_init__()
        try:
            re.compile(self.date_pattern or "")
        except re.error as error:
            raise ValueError(
                f"date_pattern {self.date_pattern!r} is no regular expression: {error}"
            ) from error

    @property
    def reading(self) -> Reading:
        """What to read from the files of each place."""
        return replace(super().reading, band_names=self.band_names, grid=self.grid)


@dataclass(frozen=True, eq=False)
class StackPatch:
    """One window of a place, unread.

    Attributes:
        patch_id: place, first row and first column.
        place: that it is cut from.
        images: those that have data in the window.
        rows: of the window.
        cols: of the window.
        ground: reads folds and labels of the window.
        fingerprint: of files and options.
        summary: what was read of the place, in words.
        labelling: of all places (``pimc.data.patch.LabelledGround``); None without labels.
    """

    patch_id: str
    place: Place
    images: tuple[Image, ...]
    rows: Span
    cols: Span
    ground: Callable[[], Ground]
    fingerprint: str
    summary: Mapping[str, Any]
    labelling: Labelling | None = None

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the classes by their codes; None without labels."""
        return None if self.labelling is None else self.labelling.classes

    @property
    def label_table(self) -> pd.DataFrame | None:
        """The labelled features of all places; None without labels."""
        return None if self.labelling is None else self.labelling.table

    def __call__(self) -> Patch:
        """Read the window of each image: every file opened once, only the bands needed.

        Raises:
            ValueError: a file cannot be read.
        """
        from rasterio.windows import Window

        window = Window.from_slices(
            (self.rows.start, self.rows.stop), (self.cols.start, self.cols.stop)
        )
        ground = self.ground()
        times, bands, shape = len(self.images), len(self.place.bands), ground.folds.shape
        reflectance = np.empty((times, bands, *shape), dtype=np.int16)
        clear = np.empty((times, *shape), dtype=bool)
        removed = np.zeros(len(CAUSES) + 1, dtype=np.int64)
        for time, image in enumerate(self.images):
            pixels = self.place.read(image, window)
            reflectance[time] = pixels.reflectance
            removed += np.bincount(pixels.cause.ravel(), minlength=len(removed))
            if pixels.clear is not None:
                clear[time] = pixels.clear
        return Patch(
            patch_id=self.patch_id,
            reflectance=reflectance,
            dates=np.array([image.day for image in self.images], dtype="datetime64[D]"),
            bands=self.place.bands,
            place=self.place.name,
            folds=ground.folds,
            labels=ground.labels,
            parcels=ground.parcels,
            dealing=ground.dealing,
            clear=None if self.place.mask is None else clear,
            origin=(self.rows.start, self.cols.start),
            georeference=self.place.grid.part(self.rows.start, self.cols.start),
            substitutions=self.place.substitutions,
            reading=self.summary,
            removed={
                cause: int(count) for cause, count in zip(CAUSES, removed[1:], strict=True) if count
            },
        )


def stack_scenes(options: StackOptions) -> dict[str, StackPatch]:
    """The patches of every place, unread.

    Headers of all files are checked here, and a few pixels of each tell which dates are empty.

    Raises:
        FileNotFoundError: no such folder, or no dated GeoTIFF in it.
        ValueError: two files of one date, another grid, a band missing, too few dates, or
            ground too small to split.
    """
    return place_scenes(stack_places(options), options)


def stack_places(options: StackOptions) -> list[Place]:
    """Every place, its images unread; headers of all files are checked.

    Raises:
        FileNotFoundError: no such folder, or no dated GeoTIFF in it.
        ValueError: two files of one date, another grid, a band missing, or too few dates.
    """
    root = Path(options.path)
    found = find_places(root, options.date_pattern)
    check_places(options.offset, found)
    return [
        open_place(name, files, _folder(root, name), options.reading)
        for name, files in found.items()
    ]


def place_scenes(places: Sequence[Place], options: SceneOptions) -> dict[str, StackPatch]:
    """The patches of places that are open, unread.

    Raises:
        ValueError: too few dates, or ground too small to split.
    """
    size = patch_side(places, options)
    if size < options.patch_size:
        logger.warning(
            "patch_size %d lowered to %d, the smallest side of a place", options.patch_size, size
        )
    labelling = read_labels(places, options)
    return {
        patch.patch_id: patch for place in places for patch in _cut(place, size, options, labelling)
    }


def patch_side(places: Sequence[Place], options: SceneOptions) -> int:
    """Pixels a side of the patches of places: the smallest place's where that is less."""
    return min(options.patch_size, *(min(place.grid.shape) for place in places))


def read_labels(places: Sequence[Place], options: SceneOptions) -> Labelling | None:
    """Labels and folds of the pixels of places; None where no file of labels is named."""
    if options.labels.path is None:
        return None
    size = patch_side(places, options)
    grids = {place.name: PlaceGrid(place.grid.shape, place.grid.part(0, 0)) for place in places}
    return label_places(options.labels, grids, Cutting(size, options.held_out, options.gap))


def _folder(root: Path, place: str) -> Path:
    """The folder of a place: the root itself where it is one place."""
    return root / place if (root / place).is_dir() and root.resolve().name != place else root


def _cut(
    place: Place, size: int, options: SceneOptions, labelling: Labelling | None
) -> Iterator[StackPatch]:
    """Windows of a place, each with the images that have data in it."""
    rows, cols = place.grid.shape
    read_ground = _ground_reader(place, options, labelling)
    step = max(1, size // SAMPLES_A_SIDE)
    looks = [look_at(place, image, step) for image in place.images]
    summary = summarise(place, looks)
    log_summary(place, looks, summary)
    check_numbers(place, looks)
    need_dates(sum(bool(look.data.any()) for look in looks), f"place {place.name}")
    facts = (READER_VERSION, place.name, place.bands, place_facts(place))
    digits = max(3, len(str(max(rows, cols))))
    for row, col in product(spans(rows, size), spans(cols, size)):
        patch_id = f"{place.name}_r{row.start:0{digits}d}_c{col.start:0{digits}d}"
        images = tuple(
            image
            for image, look in zip(place.images, looks, strict=True)
            if _inside(look.data, row, col, place.grid.shape).any()
        )
        if len(images) < MIN_DATES:
            logger.info("%s left out: data on %d dates only", patch_id, len(images))
            continue
        # without labels as before there were any: samples that lie on disk stay
        of_labels = () if labelling is None else (labelling.fingerprint,)
        cut = (row, col, len(images), options.held_out, options.gap)
        hashed = fingerprint(facts, *cut, *of_labels)
        ground = partial(read_ground, (row, col))
        yield StackPatch(patch_id, place, images, row, col, ground, hashed, summary, labelling)


def _ground_reader(
    place: Place, options: SceneOptions, labelling: Labelling | None
) -> Callable[[Window], Ground]:
    """Gives folds and labels of a window: by labels, or training ground and held-out ground."""
    if labelling is not None:
        return labelling.places[place.name].read
    try:
        folds = split_ground(place.grid.shape, options.held_out, options.gap)
    except ValueError as error:
        raise ValueError(f"place {place.name}: {error}") from error
    return lambda window: Ground(patch_folds(folds, *window))


def _inside(sample: np.ndarray, row: Span, col: Span, shape: tuple[int, int]) -> np.ndarray:
    """The samples of a place whose pixels lie in a window."""
    rows, cols = (
        slice(*(np.ceil(np.array([span.start, span.stop]) * count / length - 0.5).astype(int)))
        for span, count, length in zip((row, col), sample.shape, shape, strict=True)
    )
    return sample[rows, cols]


def place_facts(place: Place) -> tuple[object, ...]:
    """All that what is read of a place hangs on."""
    layers = [
        (image.day, part.product, name, layer.stamp, layer.index, place.wanted.numbers.get(key))
        for image in place.images
        for part in image.parts
        for name, layer in sorted(part.layers.items())
        if (key := (str(layer.path), layer.index))
    ]
    return (place.wanted.bands, place.mask, place.grid, place.wanted.method, layers)
