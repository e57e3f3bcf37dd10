"""What encoders are pretrained on: series of pixels and the images around them, by fold."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from pimc.data.fingerprint import fingerprint
from pimc.pretraining.batches.pairs import COLUMNS, NO_FRAME, Frames, PairData, digest_pixels
from pimc.signal.calendar import ALL, CalendarOptions
from pimc.signal.recurrence import Recurrence, RecurrenceOptions, fit_recurrence
from pimc.signal.row_subset import RowReader, RowSubset
from pimc.signal.seasons import nearest_seasons, place_seasons, season_name
from pimc.signal.series_axes import SeriesAxes

logger = logging.getLogger(__name__)

FIT_ROWS = 20_000
"""Series that a transform is fitted on, or up to twice as many: moments and percentiles need no
more."""


@dataclass(frozen=True)
class EncoderInputs:
    """What the arrays of pairs mean, and how they are read: encoders keep it.

    Attributes:
        recurrence: the transform fitted on the training folds; names the series' indices.
        calendar: on which the series lie.
        bands: names of the frames' bands, in order; not read where there are no images.
        substitutions: by place, band asked for -> band that stands in for it.
    """

    recurrence: Recurrence
    calendar: CalendarOptions
    bands: Sequence[str] = ()
    substitutions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Corpus:
    """Pixels of all folds, unlabelled as far as pretraining goes.

    Attributes:
        index_series: N x I x L float32 on the calendar, finite; may be a memory map.
        observed: N x L bool, where a series was observed rather than filled.
        pixels: N rows, as ``pimc.pretraining.batches.pairs.PairData`` needs them, their fold
            and, for tasks, their label.
        frames: images C x H x W int16, reflectance x 10,000; none where there are no images.
        frame_choices: N x K int32, frames in which each pixel is clear.
        axes: indices and calendar of the series.
        bands: C names.
        substitutions: by place, band asked for -> band that stands in for it.
        band_series: N x C x L float32, all bands on the calendar, for arms that are compared with
            encoders; no encoder reads it.
        source_pixels: what the source calls its pixels: patch, row, col, and as far as it has
            them id, lon and lat (degrees), number and ``of`` (place in its order, how many).
    """

    index_series: RowReader
    observed: RowReader
    pixels: pd.DataFrame
    frames: Frames
    frame_choices: np.ndarray
    axes: SeriesAxes
    bands: Sequence[str]
    substitutions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    band_series: RowReader | None = None
    source_pixels: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def indices(self) -> tuple[str, ...]:
        """I names."""
        return self.axes.indices

    @property
    def calendar(self) -> CalendarOptions:
        """Of the series."""
        return self.axes.calendar

    def pairs(self, folds: Sequence[int]) -> PairData:
        """The pixels of some folds."""
        return self.pairs_of(self.rows(folds))

    def pairs_of(self, rows: np.ndarray) -> PairData:
        """Some pixels by their numbers."""
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

    def inputs(self, recurrence: Recurrence) -> EncoderInputs:
        """What encoders that are trained on these pixels read."""
        return EncoderInputs(recurrence, self.calendar, self.bands, self.substitutions)

    def digest(self) -> str:
        """16 hexadecimal digits that change with pixels, series, names or calendar.

        Of the images it reads a few, spread over all, and which of them show which pixel.
        """
        every = np.arange(len(self.pixels))
        arrays = (self.index_series[every], self.observed[every], self.frame_choices)
        pixels = self.pixels[[*COLUMNS, "fold"]]
        names = (tuple(self.indices), tuple(self.bands), self.calendar)
        stand_ins = sorted((place, dict(bands)) for place, bands in self.substitutions.items())
        return fingerprint(
            digest_pixels(pixels, [np.asarray(each) for each in arrays], self.frames),
            (len(self.frames), names, stand_ins),
        )


def fit_on_rows(
    series: RowReader, rows: np.ndarray, options: RecurrenceOptions, indices: Sequence[str]
) -> Recurrence:
    """Scale and threshold of each index, from some series: those of the training folds."""
    thinned = rows[:: max(1, len(rows) // FIT_ROWS)]
    return fit_recurrence(np.asarray(series[thinned]), options, indices, np.random.default_rng(0))


def choose_frames(
    series_pixels: pd.DataFrame,
    pixels: pd.DataFrame,
    clear: np.ndarray,
    frame_table: pd.DataFrame,
    acquisitions: np.ndarray,
    calendar: CalendarOptions,
) -> np.ndarray:
    """Images of each series' own season in which its pixel is clear.

    An image outside all seasons of its place belongs to the nearest one, whether or not that one
    became series (``calendar.seasons``).

    Returns:
        N x K int32 frame numbers, then ``NO_FRAME``. One column of it where there are no images
        at all: series are pretrained alone.
    """
    slots = int(frame_table.groupby("patch_index").size().max()) if len(frame_table) else 1
    choices = np.full((len(series_pixels), slots), NO_FRAME, np.int32)
    frames_of = _frames_of_seasons(pixels, frame_table, acquisitions, calendar)
    for season, rows in series_pixels.groupby(["patch_index", "season"]).indices.items():
        frames = frames_of.get(season, frame_table[:0])
        members = series_pixels["pixel"].to_numpy()[rows]
        seen = clear[members][:, frames["acquisition"].to_numpy()]
        numbers = np.where(seen, frames["frame"].to_numpy(), NO_FRAME)
        # usable frames first, each row in order of time
        order = np.argsort(~seen, axis=1, kind="stable")
        choices[rows, : len(frames)] = np.take_along_axis(numbers, order, axis=1)
    if len(frame_table):
        without = int((choices[:, 0] == NO_FRAME).sum())
        logger.info(
            "%d of %d series have no image of their season in which their pixel is clear, and "
            "form no pair",
            without,
            len(choices),
        )
    return choices


def _frames_of_seasons(
    pixels: pd.DataFrame,
    frame_table: pd.DataFrame,
    acquisitions: np.ndarray,
    calendar: CalendarOptions,
) -> dict[Hashable, pd.DataFrame]:
    """Rows of the table of frames, by patch and season."""
    seasons = place_seasons(pixels, acquisitions, replace(calendar, seasons=ALL))
    found: dict[Hashable, pd.DataFrame] = {}
    for (place, patch), frames in frame_table.groupby(["place", "patch_index"]):
        starts = seasons[str(place)]
        belongs = nearest_seasons(frames["day"].to_numpy(), starts, calendar)
        for start, own in zip(starts, belongs, strict=True):
            found[patch, season_name(start)] = frames[own]
    return found


def find_stand_ins(scene_summary: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """By place, band asked for -> band that stands in for it; places where one does."""
    places = scene_summary["places"]
    stand_ins = {name: place["substitutions"] for name, place in places.items()}
    return {name: bands for name, bands in stand_ins.items() if bands}
