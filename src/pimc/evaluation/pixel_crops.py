"""Images around the pixels of a task, cut as pretraining cuts them. This module knows no torch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pimc.data.fingerprint import fingerprint
from pimc.data.patch import FILL
from pimc.pretraining.batches.crops import band_statistics, gather_crops
from pimc.pretraining.batches.pairs import NO_FRAME, PairData, digest_pixels, usable_rows

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PixelCrops:
    """Crops around pixels at the dates at which they are clear.

    Attributes:
        data: N pixels, and the frames in which each is clear.
        side: rows and columns of a crop, odd: the pixel is its centre.
        bands: names of the frames' C bands.
    """

    data: PairData
    side: int
    bands: tuple[str, ...]

    def gather(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Crops of some pixels at all of their clear dates.

        Args:
            rows: B int, of the pixels.

        Returns:
            M x C x side x side int16, ``FILL`` where there is no data, those of one pixel after
            the other in order of time, and B int64, how many each has. A pixel that has none gets
            one without data.
        """
        choices = self.choices[rows]
        seen = choices != NO_FRAME
        counts = np.maximum(seen.sum(axis=1), 1)
        crops = np.full((counts.sum(), len(self.bands), self.side, self.side), FILL, np.int16)
        if seen.any():
            row, col = (self.data.pixels[name].to_numpy()[rows] for name in ("row", "col"))
            pixel = np.nonzero(seen)[0]
            known = np.repeat(seen.any(axis=1), counts)
            frames = self.data.frames
            crops[known] = gather_crops(frames, choices[seen], row[pixel], col[pixel], self.side)
        return crops, counts

    def statistics(self, rows: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and deviation of each band over crops of some pixels, reflectance 0..1."""
        known = rows[self.choices[rows, 0] != NO_FRAME]
        return band_statistics(self.data, known, self.side, self.bands, seed=0)

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that change with what is read; of the frames it reads a few."""
        where = self.data.pixels[["patch", "row", "col"]]
        return fingerprint(
            digest_pixels(where, [self.choices], self.data.frames), self.side, self.bands
        )

    @cached_property
    def choices(self) -> np.ndarray:
        """N x K int32, as of ``data``; none for a pixel whose crop is not whole, as in pairs."""
        usable = usable_rows(self.data, self.side)
        choices = np.full_like(self.data.frame_choices, NO_FRAME)
        choices[usable] = self.data.frame_choices[usable]
        without = len(choices) - len(usable)
        if without:
            logger.info(
                "%d of %d pixels have no image in which they are clear and their crop is whole: "
                "the image encoder reads one without data",
                without,
                len(choices),
            )
        return choices


def cut_crops(data: PairData, side: int, bands: Sequence[str]) -> PixelCrops | None:
    """Crops around pixels; None where there are no images."""
    return PixelCrops(data, side, tuple(bands)) if data.has_images else None
