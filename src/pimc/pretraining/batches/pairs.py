"""Pairs of a pixel's series and image crops around it, and the batches they form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from pimc.data.fingerprint import array_digest
from pimc.pretraining.batches.spread import NONE, spread_apart
from pimc.pretraining.options import BatchOptions
from pimc.signal.row_subset import RowReader

NO_FRAME = -1
"""Pads a row of frame choices at its end."""

CANDIDATES = 4
"""Candidates drawn for each place in a batch: with a crop of 15 pixels and 16 pixels of a patch
of 128 x 128, three or fewer leave batches that could lie farther apart."""

GALLERY_CANDIDATES = 16
"""The same for a gallery, which is drawn once."""

PLACES_APART = 10_000
"""Pixels between places on the common ground: more than any crop is wide."""

COLUMNS = ("patch", "patch_index", "place", "row", "col", "y", "x", "parcel")

DIGEST_FRAMES = 16
"""Frames whose values enter a digest: reading all of a large corpus takes minutes."""


class Frames(Protocol):
    """Images: ``frames[i]`` is C x H x W int16, best a view of a memory map; all of one size."""

    def __len__(self) -> int:
        """Number of frames."""

    def __getitem__(self, frame: int, /) -> np.ndarray:
        """One frame."""


@dataclass(frozen=True)
class PairData:
    """Pixels with their series, and the frames around them; without frames, series alone.

    Attributes:
        index_series: N x I x L float32 on the calendar, finite; may be a memory map.
        pixels: N rows: patch, patch_index, place, row and col in the patch, y and x in the grid
            of the place, parcel (0 none; numbered within a patch).
        frames: images C x H x W int16, reflectance x 10,000.
        frame_choices: N x K int32, numbers of the frames in which the pixel is clear, then
            ``NO_FRAME``.
        observed: N x L bool, where a series was observed rather than filled; None counts all
            as observed.
    """

    index_series: RowReader
    pixels: pd.DataFrame
    frames: Frames
    frame_choices: np.ndarray
    observed: RowReader | None = None

    def __post_init__(self) -> None:
        """Check that all parts speak of the same pixels and of frames that exist."""
        missing = [name for name in COLUMNS if name not in self.pixels]
        if missing:
            raise ValueError(f"pixels of pairs lack the columns {', '.join(missing)}")
        if len(self.index_series.shape) != 3:
            raise ValueError(
                f"index_series must be pixels x indices x dates, got {self.index_series.shape}"
            )
        parts: dict[str, RowReader] = {
            "index_series": self.index_series,
            "frame_choices": self.frame_choices,
        }
        if self.observed is not None:
            parts["observed"] = self.observed
        for name, array in parts.items():
            if array.shape[0] != len(self.pixels):
                raise ValueError(
                    f"{name} must have a row for each of {len(self.pixels)} pixels, "
                    f"got {array.shape[0]}"
                )
        last = self.frame_choices.max(initial=NO_FRAME)
        if last >= len(self.frames):
            raise ValueError(f"frame_choices name frame {last}, but there are {len(self.frames)}")

    def digest(self) -> str:
        """16 hexadecimal digits that change with the pixels (``digest_pixels``)."""
        every = np.arange(len(self))
        arrays = [self.index_series, self.observed, self.frame_choices]
        read = [np.asarray(each[every]) for each in arrays if each is not None]
        return digest_pixels(self.pixels[list(COLUMNS)], read, self.frames)

    def __len__(self) -> int:
        """Number of pixels."""
        return len(self.pixels)

    @property
    def has_images(self) -> bool:
        """Whether there are frames that series can be paired with."""
        return len(self.frames) > 0

    @cached_property
    def ground(self) -> np.ndarray:
        """N x 3 int32: number of the parcel (negative where there is none), y, x.

        Rows of different places lie ``PLACES_APART`` and more apart.
        """
        y, x = _apart_by_place(self.pixels, PLACES_APART), self.pixels["x"].to_numpy()
        return np.stack([_parcel_groups(self.pixels), y, x], axis=1).astype(np.int32)

    def series_alone(self) -> PairData:
        """The same pixels without images."""
        choices = np.full((len(self), 1), NO_FRAME, np.int32)
        return replace(self, frames=(), frame_choices=choices)


@dataclass(frozen=True)
class PairBatch:
    """Which pairs form a batch.

    Attributes:
        rows: B int64, rows of the pixels in ``PairData``.
        frames: B x K int64, the frames from which the crops of a pixel are cut; ``NO_FRAME``
            where there are no images.
    """

    rows: np.ndarray
    frames: np.ndarray

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.rows)

    def part(self, pairs: slice) -> PairBatch:
        """Some of the pairs."""
        return PairBatch(self.rows[pairs], self.frames[pairs])


def usable_rows(data: PairData, crop_side: int) -> np.ndarray:
    """Rows of pixels that have a clear frame and whose whole crop lies within it.

    All rows where there are no images.

    Raises:
        ValueError: if a crop is larger than the frames.
    """
    if not len(data) or not data.has_images:
        return np.arange(len(data))
    height, width = data.frames[0].shape[1:]
    if crop_side > min(height, width):
        raise ValueError(
            f"crops of {crop_side} x {crop_side} pixels do not fit in frames of {height} x "
            f"{width}; lower crop_side or use larger patches"
        )
    margin = crop_side // 2
    row, col = data.pixels["row"].to_numpy(), data.pixels["col"].to_numpy()
    inside = (np.minimum(row, col) >= margin) & (row < height - margin) & (col < width - margin)
    return np.flatnonzero(inside & (data.frame_choices != NO_FRAME).any(axis=1))


class PairSampler:
    """Composes batches: several pixels of each of several patches, far apart.

    Pixels of a batch lie farther apart than a crop where the ground allows, and no two lie in
    one parcel where parcels are known: overlapping crops and pixels of one field are false
    negatives. Where there are no images, pixels need only differ. What an epoch holds depends on
    the seed and the number of the epoch alone.
    """

    def __init__(self, data: PairData, options: BatchOptions, rows: np.ndarray | None = None):
        """Prepare the pixels of ``rows``; by default those that ``usable_rows`` gives."""
        self.options = options
        rows = usable_rows(data, options.crop_side) if rows is None else rows
        pixels = data.pixels.iloc[rows]
        patch = pixels["patch_index"].to_numpy()
        order = np.argsort(patch, kind="stable")
        self.rows, pixels = rows[order], pixels.iloc[order]
        _, self._starts, self._counts = np.unique(
            patch[order], return_index=True, return_counts=True
        )
        self._x = pixels["x"].to_numpy().astype(np.int32)
        self._spacing = options.crop_side if data.has_images else 1
        self._y = _apart_by_place(pixels, self._spacing)
        self._group = _parcel_groups(pixels)
        self._choices = data.frame_choices
        self._choice_counts = (data.frame_choices != NO_FRAME).sum(axis=1)

    @property
    def patches(self) -> int:
        """Number of patches that have pixels."""
        return len(self._starts)

    def epoch(self, epoch: int, steps: int) -> list[PairBatch]:
        """The batches of an epoch; one short of ground holds fewer pairs, or is left out."""
        rng = np.random.default_rng([self.options.seed, epoch])
        return [batch for batch in self.draw(rng, steps) if len(batch) > 1]

    def draw(self, rng: np.random.Generator, steps: int) -> list[PairBatch]:
        """Batches from other random numbers than those of an epoch."""
        return list(self._pick(rng, self._candidates(rng, steps), self.options.size))

    def gallery(self, size: int, rng: np.random.Generator) -> PairBatch:
        """One batch of all patches, each giving about as many pixels as the others."""
        order = rng.permutation(len(self.rows))
        patch = np.searchsorted(self._starts, order, side="right")
        turn = pd.Series(patch).groupby(patch).cumcount().to_numpy()
        candidates = order[np.argsort(turn, kind="stable")][: GALLERY_CANDIDATES * size]
        return next(self._pick(rng, candidates[None], size))

    def _pick(
        self, rng: np.random.Generator, candidates: np.ndarray, size: int
    ) -> Iterator[PairBatch]:
        """Of each row of candidates a batch of pixels, each with one of its clear dates."""
        picks = spread_apart(
            self._y[candidates],
            self._x[candidates],
            self._group[candidates],
            size,
            self._spacing,
        )
        crops = self.options.crops
        dates = rng.random((*picks.shape, crops))
        for chosen, pick, date in zip(candidates, picks, dates, strict=True):
            rows = self.rows[chosen[pick[pick != NONE]]]
            # one date of each part of the clear dates, which lie in order of time
            share = (np.arange(crops) + date[: len(rows)]) / crops
            choice = (share * self._choice_counts[rows][:, None]).astype(np.int64)
            yield PairBatch(rows, self._choices[rows[:, None], choice].astype(np.int64))

    def _candidates(self, rng: np.random.Generator, steps: int) -> np.ndarray:
        """Positions of pixels, steps x candidates, from the patches of each batch in turn.

        In turn, so that picks, which prefer the first, are spread evenly over the patches. With
        replacement: drawn twice, a pixel is still picked once.
        """
        patches = min(self.options.patches, self.patches)
        each = -(-CANDIDATES * self.options.size // patches)
        lots = rng.random((steps, self.patches))
        chosen = np.argpartition(lots, patches - 1, axis=1)[:, :patches]
        within = rng.random((steps, each, patches)) * self._counts[chosen][:, None]
        positions = self._starts[chosen][:, None] + within.astype(np.int64)
        return positions.reshape(steps, -1)


def _apart_by_place(pixels: pd.DataFrame, spacing: int) -> np.ndarray:
    """Rows on a common ground where places lie one below the other, a crop apart and more."""
    y = pixels["y"].to_numpy()
    if not len(y):
        return y.astype(np.int32)
    place = np.unique(pixels["place"], return_inverse=True)[1]
    below: np.ndarray = y - y.min() + place * (np.ptp(y) + spacing + 1)
    return below.astype(np.int32)


def _parcel_groups(pixels: pd.DataFrame) -> np.ndarray:
    """Parcels numbered over all patches; a pixel without one is alone, with a negative number."""
    parcel = pixels["parcel"].to_numpy()
    keys = np.stack([pixels["patch_index"].to_numpy(), parcel])
    number = np.unique(keys, axis=1, return_inverse=True)[1].reshape(-1)
    return np.where(parcel > 0, number, -1 - np.arange(len(parcel))).astype(np.int32)


def digest_pixels(pixels: pd.DataFrame, arrays: Sequence[np.ndarray], frames: Frames) -> str:
    """16 hexadecimal digits that change with a table, arrays of its rows, or their images.

    Of the images it reads a few, spread over all.
    """
    rows = pd.util.hash_pandas_object(pixels, index=False).to_numpy()
    shown = np.linspace(0, len(frames) - 1, min(len(frames), DIGEST_FRAMES))
    images = [np.asarray(frames[number]) for number in shown.astype(int).tolist()]
    return array_digest(rows, *arrays, *images)
