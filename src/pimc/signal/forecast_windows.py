"""What was known at a date, and what came after: context and targets of a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pimc.signal.calendar import (
    CalendarOptions,
    count_observations,
    dated,
    regularise,
    season_start,
    usable_observations,
)
from pimc.signal.indices import compute_pixel_indices
from pimc.signal.screening import ScreeningOptions, screen_clouds
from pimc.signal.series_axes import SeriesAxes


@dataclass(frozen=True)
class WindowOptions:
    """How the calendar is cut.

    Attributes:
        context: calendar steps that are known, from the first on.
        horizon: steps after them that are forecast.
    """

    context: int = 32
    horizon: int = 10

    def __post_init__(self) -> None:
        """Check the counts."""
        if self.context < 2 or self.horizon < 1:
            raise ValueError(f"a forecast needs context >= 2 and horizon >= 1 steps, got {self}")

    def check(self, calendar: CalendarOptions) -> None:
        """Refuse windows that the calendar does not hold.

        Raises:
            ValueError: saying how long both are.
        """
        if self.context + self.horizon > calendar.length:
            raise ValueError(
                f"a context of {self.context} and a horizon of {self.horizon} steps do not fit a "
                f"calendar of {calendar.length}; shorten forecasting.window.context or horizon"
            )


@dataclass(frozen=True, eq=False)
class ForecastWindows:
    """Pixels with enough known observations, their context and their targets.

    Attributes:
        rows: n, positions of these pixels among those given.
        context: n x I x context float32, finite; made of observations before the cut alone.
        observed: n x context bool, where the context was observed rather than filled.
        targets: n x K x horizon float32 of the K indices that are forecast: mean of the clear
            observations nearest to each step; NaN where there is none.
        unscreened: as ``targets``, of all observations, cloudy ones included.
    """

    rows: np.ndarray
    context: np.ndarray
    observed: np.ndarray
    targets: np.ndarray
    unscreened: np.ndarray


def cut_windows(
    reflectance: np.ndarray,
    days: np.ndarray,
    bands: Sequence[str],
    axes: SeriesAxes,
    screening: ScreeningOptions,
    window: WindowOptions,
    start: int | None = None,
    targets: Sequence[str] | None = None,
) -> ForecastWindows:
    """Cut the series of pixels that share their dates, in one season.

    What comes after the cut never reaches the context: screening and filling are done anew on
    the observations before it, which lie less than half a step after the last known step. The
    place of the calendar hangs on acquisition dates, not on what was seen.

    Args:
        reflectance: P x T x C int16.
        days: T int, days since 1970-01-01; ``NO_DATE`` padding at the end.
        bands: C names.
        axes: indices, and the calendar whose first ``context`` steps are known; its
            ``min_observations`` must be met by the known observations.
        screening: of clouds.
        window: lengths.
        start: first day of the season; None finds it in ``days`` (``season_start``).
        targets: K names of what is forecast; None for all indices of the context. What is
            observed of them hangs on them alone, whatever else the context holds.

    Raises:
        ValueError: if the window does not fit the calendar.
    """
    indices, calendar = axes.indices, axes.calendar
    window.check(calendar)
    known = dated(days)
    reflectance = reflectance[:, : len(known)]
    start = season_start(known, calendar) if start is None else start
    grid = calendar.grid(start)[: window.context + window.horizon]
    before = 2 * (known - grid[window.context - 1]) < calendar.step
    seen, past = reflectance[:, before], known[before]
    values = compute_pixel_indices(seen, bands, indices)
    clear = screen_clouds(seen, past, bands, screening)
    short = replace(calendar, length=window.context)
    counts = count_observations(values, clear, past, short, start)
    rows = np.flatnonzero(counts >= calendar.min_observations)
    context, observed = regularise(values[rows], clear[rows], past, short, start)
    every = compute_pixel_indices(reflectance[rows], bands, targets or indices)
    cloudless = screen_clouds(reflectance[rows], known, bands, screening)
    after, steps = ~before, grid[window.context :]
    future = every[..., after], known[after], steps, calendar.step
    return ForecastWindows(
        rows,
        context,
        observed,
        mean_by_step(cloudless[:, after], *future),
        mean_by_step(np.ones_like(cloudless[:, after]), *future),
    )


def mean_by_step(
    clear: np.ndarray, values: np.ndarray, days: np.ndarray, steps: np.ndarray, width: int
) -> np.ndarray:
    """Mean of the usable observations nearest to each step.

    An observation just between two steps belongs to the later one.

    Args:
        clear: P x T bool.
        values: P x I x T float32, NaN where undefined.
        days: T int.
        steps: H int, days that lie ``width`` apart.
        width: days from step to step.

    Returns:
        P x I x H float32, NaN where there is none.
    """
    usable = usable_observations(values, clear, days)
    offset = 2 * (days[:, None] - steps)
    near = ((offset >= -width) & (offset < width)).astype(np.float32)
    counts = usable.astype(np.float32) @ near
    sums = np.where(usable[:, None], values, 0) @ near
    missing = np.full(sums.shape, np.nan, np.float32)
    means: np.ndarray = np.divide(sums, counts[:, None], out=missing, where=counts[:, None] > 0)
    return means
