"""From irregular acquisitions to one regular calendar.

Plots of two pixels can be compared cell by cell only if row i means the same day of the season
in both. Series are therefore put on a grid of days, filled linearly, before they become images.
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

NO_DATE = -1
"""Pads a row of acquisition days at its end."""

ALL, BEST = "all", "best"
"""Seasons of a place that become series."""

MOST = 4_096
"""Steps: a plot has as many rows and columns."""

_EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True)
class CalendarOptions:
    """The grid of days; the defaults cover a PASTIS season, September to November next year.

    Attributes:
        start: first day of the grid, month-day.
        step: days from one grid point to the next.
        length: number of grid points, L.
        min_observations: pixels with fewer usable observations within the calendar are dropped.
        seasons: of each place that become series (``pimc.signal.seasons``): all, the best, or at
            most so many, the best first. It changes how many series there are, and no series:
            options that differ in it are equal, and it is not kept with what was made of them.
    """

    start: str = "09-15"
    step: int = 7
    length: int = 61
    min_observations: int = 5
    seasons: str | int = field(default=ALL, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the day and the counts."""
        try:
            # 2001 is no leap year: a calendar that starts on 29 February exists in few years
            datetime.datetime.strptime(f"2001-{self.start}", "%Y-%m-%d")
        except ValueError as error:
            raise ValueError(
                f"calendar start must be a month-day of every year, as 09-15, got {self.start!r}"
            ) from error
        for name in ("step", "length", "min_observations"):
            if getattr(self, name) < 1:
                raise ValueError(f"calendar {name} must be at least 1, got {getattr(self, name)}")
        if self.length > MOST:
            raise ValueError(f"calendar length must be at most {MOST} steps, got {self.length}")
        counted = isinstance(self.seasons, int) and not isinstance(self.seasons, bool)
        if not (self.seasons in (ALL, BEST) or (counted and int(self.seasons) >= 1)):
            raise ValueError(
                f"calendar seasons must be {ALL}, {BEST} or a number of at least 1, "
                f"got {self.seasons!r}"
            )

    @property
    def span(self) -> int:
        """Days that the calendar holds."""
        return self.step * self.length

    def grid(self, start: int) -> np.ndarray:
        """L int64 days since 1970-01-01, from the day ``start`` on."""
        return np.arange(self.length) * self.step + start

    def to_json(self) -> dict[str, Any]:
        """What the grid is, as JSON's own types; ``CalendarOptions(**stored)`` reads it."""
        return {name: value for name, value in asdict(self).items() if name != "seasons"}


def calendar_shift(calendar: CalendarOptions, other: CalendarOptions) -> int:
    """Days from the first day of a calendar to that of another, where both overlap most.

    Calendars have no year; one of 365 days is taken. Of equal overlaps the earliest counts.
    """
    first, second = (
        datetime.datetime.strptime(f"2001-{each.start}", "%Y-%m-%d").timetuple().tm_yday
        for each in (calendar, other)
    )
    shifts = [second - first + 365 * years for years in range(-2, 3)]

    def overlap(shift: int) -> int:
        return min(calendar.span, shift + other.span) - max(0, shift)

    return max(shifts, key=overlap)


def dated(days: np.ndarray) -> np.ndarray:
    """Days of a row of acquisitions without its padding.

    Raises:
        ValueError: if the days do not increase strictly or padding stands before a day.
    """
    count = int((days != NO_DATE).sum())
    kept = days[:count].astype(np.int64)
    if (kept == NO_DATE).any() or (np.diff(kept) <= 0).any():
        raise ValueError(
            f"acquisition days must increase strictly, with {NO_DATE} only as padding at the "
            f"end, got {days.tolist()}"
        )
    return kept


def season_start(days: np.ndarray, options: CalendarOptions) -> int:
    """The year's occurrence of the calendar's first day that fits the acquisitions best.

    Args:
        days: T int, days since 1970-01-01; ``NO_DATE`` padding at the end.
        options: the calendar.

    Returns:
        Day since 1970-01-01 whose window of ``step`` x ``length`` days holds most acquisitions;
        the earliest of equals.

    Raises:
        ValueError: if there is no acquisition.
    """
    known = dated(days)
    starts = season_starts(known, options)
    inside = (known >= starts[:, None]) & (known < starts[:, None] + options.span)
    return int(starts[inside.sum(axis=1).argmax()])


def season_starts(days: np.ndarray, options: CalendarOptions) -> np.ndarray:
    """The calendar's first day in every year whose calendar may hold one of some days.

    Args:
        days: T int, days since 1970-01-01, increasing.
        options: the calendar.

    Returns:
        Y int64, increasing.

    Raises:
        ValueError: if there is no day.
    """
    if not len(days):
        raise ValueError("no season to be found: there is no acquisition date")
    month, day = (int(part) for part in options.start.split("-"))
    first, last = (_EPOCH + datetime.timedelta(days=int(days[end])) for end in (0, -1))
    years = range(first.year - 1 - options.span // 365, last.year + 1)
    return np.array([(datetime.date(year, month, day) - _EPOCH).days for year in years])


def within_calendar(
    days: np.ndarray, options: CalendarOptions, start: int | None = None
) -> np.ndarray:
    """Which acquisitions lie in the season: T bool, False at padding.

    Args:
        days: T int, days since 1970-01-01; ``NO_DATE`` padding at the end.
        options: the calendar.
        start: its first day; None finds it in ``days`` (``season_start``).
    """
    start = season_start(days, options) if start is None else start
    within: np.ndarray = (days >= start) & (days < start + options.span) & (days != NO_DATE)
    return within


def usable_observations(values: np.ndarray, clear: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Where a pixel was seen clearly and every index is defined.

    Args:
        values: P x I x T float32 indices, NaN where undefined.
        clear: P x T bool.
        days: T int, days since 1970-01-01; ``NO_DATE`` padding at the end.

    Returns:
        P x T bool.
    """
    usable: np.ndarray = clear & np.isfinite(values).all(axis=1) & (days != NO_DATE)
    return usable


def count_observations(
    values: np.ndarray,
    clear: np.ndarray,
    days: np.ndarray,
    options: CalendarOptions,
    start: int | None = None,
) -> np.ndarray:
    """Number of usable observations of each pixel within the calendar.

    Args:
        values: P x I x T float32 indices, NaN where undefined.
        clear: P x T bool.
        days: T int, days since 1970-01-01; ``NO_DATE`` padding at the end.
        options: the calendar.
        start: its first day; None finds it in ``days`` (``season_start``).

    Returns:
        P int64.
    """
    within = within_calendar(days, options, start)
    counts: np.ndarray = (usable_observations(values, clear, days) & within).sum(axis=1)
    return counts


def regularise(
    values: np.ndarray,
    clear: np.ndarray,
    days: np.ndarray,
    options: CalendarOptions,
    start: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Index series on the calendar's grid, filled linearly, constant beyond the ends.

    Each index of each pixel is interpolated between its own clear, defined observations, those
    outside the calendar included: exactly ``np.interp``.

    Args:
        values: P x I x T float32 indices at the acquisitions, NaN where undefined.
        clear: P x T bool, True where the observation may be used.
        days: T int, days since 1970-01-01, the same for all P pixels; ``NO_DATE`` padding at
            the end.
        options: the calendar.
        start: its first day; None finds it in ``days`` (``season_start``). Give it where series
            are cut short: their calendar must stay that of the whole season.

    Returns:
        The series, P x I x L float32, finite; and where they were observed, P x L bool: a usable
        observation lies within half a step of the grid point.

    Raises:
        ValueError: if a pixel has no usable observation of some index.
    """
    known = dated(days)
    values, clear = values[..., : len(known)], clear[:, : len(known)]
    valid = clear[:, None, :] & np.isfinite(values)
    if not valid.any(axis=2).all():
        pixels, indices = np.nonzero(~valid.any(axis=2))
        raise ValueError(
            f"{len(np.unique(pixels))} of {len(values)} pixels have no usable observation, first "
            f"pixel {pixels[0]}, index {indices[0]}; drop pixels by count_observations first"
        )
    grid = options.grid(season_start(days, options) if start is None else start)
    usable = valid.all(axis=1)
    near = 2 * np.abs(known[:, None] - grid) <= options.step
    observed = usable.astype(np.float32) @ near.astype(np.float32) > 0
    return _interpolate(values, valid, known, grid), observed


def regularise_bands(
    values: np.ndarray,
    clear: np.ndarray,
    days: np.ndarray,
    options: CalendarOptions,
    start: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Band series on the calendar's grid, filled as index series are (``regularise``).

    Args:
        values: P x C x T float32 reflectance at the acquisitions, NaN where not measured.
        clear: P x T bool; every pixel has a clear observation.
        days: T int, days since 1970-01-01; ``NO_DATE`` padding at the end.
        options: the calendar.
        start: its first day; None finds it in ``days`` (``season_start``).

    Returns:
        The series, P x C x L float32; and P x C bool, False where a band was never measured at a
        clear observation of the pixel: its series is 0, which no ground reflects.
    """
    measured = (clear[:, None] & np.isfinite(values)).any(axis=2)
    known = np.where(measured[..., None], values, np.float32(0))
    return regularise(known, clear, days, options, start)[0], measured


def _interpolate(
    values: np.ndarray, valid: np.ndarray, days: np.ndarray, grid: np.ndarray
) -> np.ndarray:
    """``np.interp`` of every row over its valid days, without a loop over rows."""
    times = len(days)
    before, after = _valid_neighbours(valid)
    # grid point g lies between acquisitions k - 1 and k
    position = np.searchsorted(days, grid, side="right")
    left, right = before[..., position], after[..., position]
    # beyond the ends both neighbours are the same observation, and the weight is 0
    left, right = np.where(left < 0, right, left), np.where(right == times, left, right)
    gap = days[right] - days[left]
    weight = np.where(gap > 0, (grid - days[left]) / np.maximum(gap, 1), 0).astype(np.float32)
    low = np.take_along_axis(values, left, axis=-1)
    high = np.take_along_axis(values, right, axis=-1)
    low += weight * (high - low)
    return low


def _valid_neighbours(valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each gap k = 0..T between acquisitions: the last valid one before, the first one after.

    Gap k lies before acquisition k; -1 and T stand for none.
    """
    times = valid.shape[-1]
    rows = valid.shape[:-1]
    before = np.full((*rows, times + 1), -1)
    after = np.full((*rows, times + 1), times)
    before[..., 1:] = np.maximum.accumulate(np.where(valid, np.arange(times), -1), axis=-1)
    backward = np.where(valid, np.arange(times), times)[..., ::-1]
    after[..., :-1] = np.minimum.accumulate(backward, axis=-1)[..., ::-1]
    return before, after
