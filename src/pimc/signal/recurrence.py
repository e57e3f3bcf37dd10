"""The recurrence transform: what is learned from training series, how it is kept.

Rendering is ``pimc.model.plots.layer``; this module knows no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from pimc.data.stored_fields import restore_fields, store_fields
from pimc.signal.plot_kinds import PLOT_KINDS
from pimc.signal.recurrence_options import (
    RecurrenceOptions,
    check_choice,
    check_embedding,
)

__all__ = ["Recurrence", "RecurrenceOptions", "fit_recurrence", "plot_side"]

FIT_ROWS = 2_000
"""Training series from which a percentile of distances is taken: 2,000 of 61 dates give 3.7
million pairs an index, where a percentile is known to three digits."""


@dataclass(frozen=True)
class Recurrence:
    """The fitted transform: all that is needed to draw the plots of other series alike.

    Attributes:
        indices: names of the I indices, in the order of the series' second axis.
        kind: of the plot.
        centre: of each index; subtracted.
        scale: of each index; divided by.
        thresholds: epsilon of each index in scaled units; where there are several, all of the
            first index, then those of the next; None where the kind has none.
        dimension: points of a trajectory.
        time_delay: grid steps between them.
        softness: as in ``RecurrenceOptions``.
        bins: as there.
        validity: as there.
    """

    indices: tuple[str, ...]
    kind: str
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    thresholds: tuple[float, ...] | None
    dimension: int
    time_delay: int
    softness: float
    bins: int = 8
    validity: bool = False

    def __post_init__(self) -> None:
        """Check that every index has its finite values, and that the kind has its thresholds."""
        check_choice("kind", self.kind, tuple(PLOT_KINDS))
        check_embedding(self.kind, self.dimension, self.time_delay, self.bins)
        if bool(self.thresholds) != PLOT_KINDS[self.kind].thresholded:
            raise ValueError(f"recurrence kind {self.kind} with thresholds {self.thresholds}")
        self._check_numbers("centre", self.centre, len(self.indices))
        self._check_numbers("scale", self.scale, len(self.indices), positive=True)
        # a threshold for each channel, the same number of them for each index
        count = len(self.indices) * self.scales
        self._check_numbers("thresholds", self.thresholds or (1.0,) * count, count, positive=True)

    def _check_numbers(
        self, name: str, values: tuple[float, ...], count: int, positive: bool = False
    ) -> None:
        indices = ", ".join(self.indices)
        if len(values) != count:
            raise ValueError(
                f"recurrence {name} must have one value for each of {indices}, got {values}"
            )
        if any(not np.isfinite(value) or (positive and value <= 0) for value in values):
            raise ValueError(
                f"recurrence {name} must be finite{' and above 0' if positive else ''}, "
                f"got {values} for {indices}"
            )

    @property
    def scales(self) -> int:
        """Thresholds, and channels, of each index."""
        return max(1, len(self.thresholds or ()) // len(self.indices))

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels of an image, in order."""
        names = (self.kind,) if PLOT_KINDS[self.kind].joined else self.indices
        if self.scales > 1:
            names = tuple(f"{name} {n + 1}" for name in names for n in range(self.scales))
        return (*names, "observed") if self.validity else names

    @property
    def unit(self) -> str:
        """What the cells of its plots tell."""
        # an index whose values are kept has scale 1: no standard deviation of an index is so large
        kept = all(scale == 1 for scale in self.scale)
        series = "index values" if kept else "standard deviations of the index in training series"
        return PLOT_KINDS[self.kind].cells or series

    def side(self, length: int) -> int:
        """Rows and columns of the plot of a series of ``length`` points.

        Raises:
            ValueError: if the series is too short for one trajectory.
        """
        return plot_side(length, self.dimension, self.time_delay)

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return store_fields(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Back from ``to_json``.

        Raises:
            ValueError: if a field is missing, unknown or invalid.
        """
        noun = "recurrence transform"
        return restore_fields(cls, stored, noun, newer=("bins", "validity"))


def plot_side(length: int, dimension: int, time_delay: int) -> int:
    """Number of trajectories in a series: rows and columns of its recurrence plot.

    Raises:
        ValueError: if the series is too short for one.
    """
    side = length - (dimension - 1) * time_delay
    if side < 1:
        raise ValueError(
            f"a series of {length} points holds no trajectory of dimension {dimension} and "
            f"time delay {time_delay}: that takes {1 + (dimension - 1) * time_delay} points"
        )
    return side


def fit_recurrence(
    series: np.ndarray,
    options: RecurrenceOptions,
    indices: Sequence[str],
    rng: np.random.Generator,
) -> Recurrence:
    """Learn scale and threshold of each index from training series, and from them alone.

    Args:
        series: N x I x L float32, finite; rows of the training folds. May be a memory map: it is
            read one index at a time.
        options: the plot wanted.
        indices: names of the I indices.
        rng: draws the series of which distances are taken, where there are many.

    Returns:
        The fitted transform.

    Raises:
        ValueError: for no series, another number of indices, or an index that never varies.
    """
    if not len(series) or series.shape[1] != len(indices):
        raise ValueError(
            f"recurrence needs training series N x {len(indices)} x L ({', '.join(indices)}), "
            f"got shape {series.shape}"
        )
    side = plot_side(series.shape[2], options.dimension, options.time_delay)
    centre, scale = np.zeros(len(indices)), np.ones(len(indices))
    if options.scale == "standard":
        moments = [_moments(series[:, i], name) for i, name in enumerate(indices)]
        centre, scale = np.transpose(moments)
    return Recurrence(
        indices=tuple(indices),
        kind=options.kind,
        centre=tuple(centre.tolist()),
        scale=tuple(scale.tolist()),
        thresholds=_fit_thresholds(series, scale, options, side, rng),
        dimension=options.dimension,
        time_delay=options.time_delay,
        softness=options.softness,
        bins=options.bins,
        validity=options.validity,
    )


def _fit_thresholds(
    series: np.ndarray,
    scale: np.ndarray,
    options: RecurrenceOptions,
    side: int,
    rng: np.random.Generator,
) -> tuple[float, ...] | None:
    """Thresholds of the first index, then those of the next."""
    if not options.percentiles:
        return options.thresholds * len(scale) or None
    rows = np.sort(rng.permutation(len(series))[:FIT_ROWS])
    sample = series[rows] / scale[:, None].astype(np.float32)
    distances = _distances(sample, options, side)
    found = np.percentile(distances, options.percentiles, axis=(0, 2))
    return tuple(found.T.ravel().tolist())


def _moments(values: np.ndarray, name: str) -> tuple[float, float]:
    """Mean and standard deviation of one index over all training series."""
    # float64 sums: a float32 sum over millions of values loses digits
    centre, scale = values.mean(dtype=np.float64), values.std(dtype=np.float64)
    if not scale > 0:
        raise ValueError(f"{name} does not vary in the training series: it cannot be standardised")
    return float(centre), float(scale)


def _distances(series: np.ndarray, options: RecurrenceOptions, side: int) -> np.ndarray:
    """Distances of the pairs i < j of trajectories of each series: N x I x pairs float32.

    The diagonal, always 0, is no evidence on how near two states are, and is left out.
    """
    first, second = np.triu_indices(side, k=1)
    squares = np.zeros((*series.shape[:2], len(first)), dtype=np.float32)
    for lag in range(0, options.dimension * options.time_delay, options.time_delay):
        squares += (series[..., first + lag] - series[..., second + lag]) ** 2
    return np.sqrt(squares, out=squares)
