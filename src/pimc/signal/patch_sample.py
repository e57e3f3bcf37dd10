"""What ingestion keeps of a patch: sampled pixels' series and the clearest dates' images."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from mmap import mmap
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from einops import rearrange

from pimc.data.patch import FILL, UNUSED_FOLD, Patch
from pimc.signal.sampling import SamplingOptions, sample_pixels
from pimc.signal.screening import ScreeningOptions, screen_clouds

CLEAR_ENOUGH = 0.95
"""Dates with at least this share of clear pixels are equally good as images."""

JUDGED = 4
"""One sampled pixel in so many, evenly over the patch, judges which dates are clear."""


@dataclass(frozen=True)
class PatchSample:
    """Sampled pixels and images of one patch.

    Attributes:
        patch_id: of the patch.
        place: of the patch.
        bands: names of the C bands.
        origin: row and column of the patch in its place's grid.
        substitutions: band asked for -> band that stands in for it.
        pixels: n x 5 int32: row, column, fold, label (-1 unknown), parcel (0 none).
        days: T int32, days since 1970-01-01.
        reflectance: n x T x C int16, ``FILL`` where missing or masked by the source.
        frames: K x C x H x W int16, images of the clearest dates, in order of time.
        frame_acquisitions: K int32, the position of each frame's date along T.
        frame_clear: K float32, the share of the judged pixels that are clear in each frame.
        reading: of the patch.
        removed: of the patch.
        dealing: of the patch.
    """

    patch_id: str
    place: str
    bands: tuple[str, ...]
    origin: tuple[int, int]
    substitutions: Mapping[str, str]
    pixels: np.ndarray
    days: np.ndarray
    reflectance: np.ndarray
    frames: np.ndarray
    frame_acquisitions: np.ndarray
    frame_clear: np.ndarray
    reading: Mapping[str, Any] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    dealing: str = ""


@dataclass(frozen=True)
class SampleTask:
    """A sample not made yet; ``key`` changes whenever ``make`` would give another one."""

    key: str
    make: Callable[[], PatchSample]


def sample_patch(
    patch: Patch, options: SamplingOptions, screening: ScreeningOptions
) -> PatchSample:
    """Reduce a patch to what training needs, in one pass over its cube.

    Raises:
        ValueError: if the margin leaves nothing of the patch.
    """
    # the draw depends on the patch and the seed alone, not on the other patches of the run
    rng = np.random.default_rng([options.seed, zlib.crc32(patch.patch_id.encode())])
    eligible = eligible_pixels(patch, options.margin)
    rows, cols = sample_pixels(eligible, options.pixels_per_patch, rng)
    drawn = len(rows)
    rows, cols = add_labelled(patch, rows, cols)
    series = read_pixels(patch.reflectance, rows, cols)
    reflectance = rearrange(series, "time band pixel -> pixel time band").copy()
    if patch.clear is not None:
        reflectance[~patch.clear[:, rows, cols].T] = FILL
    days = patch.dates.astype("datetime64[D]").astype(np.int32)
    # labelled pixels lie in some fields alone: those drawn judge, where there are any
    judges = reflectance[: drawn or None : JUDGED]
    clear = screen_clouds(judges, days, patch.bands, screening)
    share = clear.sum(axis=0) / max(1, len(clear))
    # a window that lies in a gap beside held-out ground has no pixels and needs no images
    chosen = clearest_dates(share, options.frames_per_patch if len(rows) else 0)
    return PatchSample(
        patch_id=patch.patch_id,
        place=patch.place,
        bands=patch.bands,
        origin=patch.origin,
        substitutions=dict(patch.substitutions),
        pixels=_pixel_columns(patch, rows, cols),
        days=days,
        reflectance=reflectance,
        frames=np.asarray(patch.reflectance)[chosen],
        frame_acquisitions=chosen.astype(np.int32),
        frame_clear=share[chosen].astype(np.float32),
        reading=patch.reading,
        removed=patch.removed,
        dealing=patch.dealing,
    )


def read_pixels(reflectance: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Series of n pixels of a cube T x C x H x W, in one pass over it: T x C x n."""
    cells = rows * reflectance.shape[3] + cols
    series = np.empty((*reflectance.shape[:2], len(cells)), reflectance.dtype)
    for image, values in zip(_images(reflectance), series, strict=True):
        # the cells exist: `clip` leaves out the check and the buffer that it needs
        image.reshape(len(image), -1).take(cells, axis=1, out=values, mode="clip")
    return series


def _images(cube: np.ndarray) -> Iterator[np.ndarray]:
    """The images of a cube one by one; of a file by sequential reads into the same memory.

    Gathering pixels from the map of a cold file fetches it page by page, in twice the time, and
    memory for all of a cube is as slow to get as the cube is to read.
    """
    if not _fills_file(cube):
        yield from cube
        return
    image = np.empty(cube.shape[1:], cube.dtype)
    with Path(str(cube.filename)).open("rb", buffering=0) as file:
        file.seek(cube.offset)
        for date in range(len(cube)):
            if file.readinto(image.data.cast("B")) != image.nbytes:
                raise ValueError(f"{cube.filename} ends in image {date + 1} of {len(cube)}")
            yield image


def _fills_file(array: np.ndarray) -> TypeGuard[np.memmap]:
    """Whether reading a file on from the map's offset gives the array."""
    # a slice of a map keeps the offset of the whole: only the whole can be read by it, and only
    # where the file holds the values in C order (np.save writes Fortran arrays as they are)
    mapped = isinstance(array, np.memmap) and isinstance(array.base, mmap) and array.filename
    return bool(mapped) and array.flags.c_contiguous


def eligible_pixels(patch: Patch, margin: int) -> np.ndarray:
    """H x W bool: pixels that belong to a fold and lie at least ``margin`` inside the patch.

    Raises:
        ValueError: if the margin leaves nothing of the patch.
    """
    rows, cols = patch.folds.shape
    if 2 * margin >= min(rows, cols):
        raise ValueError(
            f"patch {patch.patch_id}: a margin of {margin} pixels leaves nothing of {rows} x "
            f"{cols}; lower sampling.margin (half a crop, 0 without images) or use larger patches"
        )
    inside = np.zeros((rows, cols), bool)
    inside[margin : rows - margin, margin : cols - margin] = True
    eligible: np.ndarray = inside & (patch.folds != UNUSED_FOLD)
    return eligible


def add_labelled(patch: Patch, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels that were drawn, then all others with a label and a fold, row by row.

    Where every pixel has a label, those drawn are enough. A labelled pixel at the edge counts too:
    its series is whole, if not the image around it.
    """
    if patch.labels is None or (patch.labels >= 0).all():
        return rows, cols
    wanted = (patch.labels >= 0) & (patch.folds != UNUSED_FOLD)
    wanted[rows, cols] = False
    more = np.nonzero(wanted)
    return np.concatenate([rows, more[0]]), np.concatenate([cols, more[1]])


def clearest_dates(clear_share: np.ndarray, count: int) -> np.ndarray:
    """Positions of the ``count`` clearest dates, in order of time.

    Among dates that are all clear enough, the choice is spread evenly over the season, so that
    the images differ.
    """
    good = np.flatnonzero(clear_share >= CLEAR_ENOUGH)
    if len(good) >= count:
        spread: np.ndarray = good[np.linspace(0, len(good) - 1, count).round().astype(int)]
        return spread
    clearest: np.ndarray = np.argsort(-clear_share, kind="stable")[:count]
    return np.sort(clearest)


def _pixel_columns(patch: Patch, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    unknown, none = np.full(len(rows), -1), np.zeros(len(rows))
    columns = [
        rows,
        cols,
        patch.folds[rows, cols],
        unknown if patch.labels is None else patch.labels[rows, cols],
        none if patch.parcels is None else patch.parcels[rows, cols],
    ]
    return np.stack(columns, axis=1).astype(np.int32)
