"""What encoders are pretrained on: series of pixels and the images around them, by fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.learning.pairs import COLUMNS, Frames, PairData
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence, RecurrenceOptions, fit_recurrence
from pimc.signal.row_subset import RowReader, RowSubset

FIT_ROWS = 20_000
"""Series that a transform is fitted on, at most: moments and percentiles need no more."""

DIGEST_FRAMES = 16
"""Frames whose values enter the digest: reading all of a large corpus takes minutes."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """Pixels of all folds, unlabelled as far as pretraining goes.

    Attributes:
        index_series: N x I x L float32 on the calendar, finite; may be a memory map.
        observed: N x L bool, where a series was observed rather than filled.
        pixels: N rows, as ``pimc.learning.pairs.PairData`` needs them, and their fold.
        frames: images C x H x W int16, reflectance x 10,000; none where there are no images.
        frame_choices: N x K int32, frames in which each pixel is clear.
        indices: I names.
        bands: C names.
        calendar: of the series.
        substitutions: by place, band asked for -> band that stands in for it.
    """

    index_series: RowReader
    observed: RowReader
    pixels: pd.DataFrame
    frames: Frames
    frame_choices: np.ndarray
    indices: Sequence[str]
    bands: Sequence[str]
    calendar: CalendarOptions
    substitutions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def pairs(self, folds: Sequence[int]) -> PairData:
        """The pixels of some folds."""
        rows = self.rows(folds)
        return PairData(
            RowSubset(self.index_series, rows),
            self.pixels.iloc[rows].reset_index(drop=True),
            self.frames,
            self.frame_choices[rows],
            RowSubset(self.observed, rows),
        )

    def rows(self, folds: Sequence[int]) -> np.ndarray:
        """Numbers of the pixels of some folds."""
        return np.flatnonzero(self.pixels["fold"].isin(folds))

    def digest(self) -> str:
        """16 hexadecimal digits that change with pixels, series, names or calendar.

        Of the images it reads a few, spread over all, and which of them show which pixel.
        """
        every = np.arange(len(self.pixels))
        pixels = pd.util.hash_pandas_object(self.pixels[[*COLUMNS, "fold"]], index=False)
        shown = np.linspace(0, len(self.frames) - 1, min(len(self.frames), DIGEST_FRAMES))
        images = [np.asarray(self.frames[i]) for i in shown.astype(int).tolist()]
        arrays = (self.index_series[every], self.observed[every], self.frame_choices)
        names = (tuple(self.indices), tuple(self.bands), self.calendar)
        stand_ins = sorted((place, dict(bands)) for place, bands in self.substitutions.items())
        return fingerprint(
            array_digest(pixels.to_numpy(), *map(np.asarray, arrays), *images),
            (len(self.frames), names, stand_ins),
        )


def fit_on_rows(
    series: RowReader, rows: np.ndarray, options: RecurrenceOptions, indices: Sequence[str]
) -> Recurrence:
    """Scale and threshold of each index, from some series: those of the training folds."""
    thinned = rows[:: max(1, len(rows) // FIT_ROWS)]
    return fit_recurrence(np.asarray(series[thinned]), options, indices, np.random.default_rng(0))
