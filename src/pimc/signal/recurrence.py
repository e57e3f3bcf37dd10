"""The recurrence transform: what is chosen, what is learned from training series, how it is kept.

Rendering is ``pimc.model.plots``; this module knows no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

import numpy as np

Kind = Literal["unthresholded", "binary", "soft", "level"]
Scale = Literal["none", "standard"]

THRESHOLDED = ("binary", "soft")

FIT_ROWS = 2_000
"""Training series from which a percentile of distances is taken: 2,000 of 61 dates give 3.7
million pairs an index, where a percentile is known to three digits."""


def _check_embedding(dimension: int, time_delay: int) -> None:
    for name, value in (("dimension", dimension), ("time_delay", time_delay)):
        if value < 1:
            raise ValueError(f"recurrence {name} must be at least 1, got {value}")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"recurrence {name} must be one of {', '.join(choices)}, got {value!r}")


@dataclass(frozen=True)
class RecurrenceOptions:
    """Which recurrence plot is made of a series x_1 .. x_L.

    With trajectories v_i = (x_i, x_{i+tau}, .., x_{i+(m-1)tau}) and d_ij = |v_i - v_j|
    (Euclidean), the cell R_ij is (Eckmann et al. 1987)

    - ``unthresholded``: d_ij;
    - ``binary``: 1 where d_ij < epsilon, else 0;
    - ``soft``: 1 / (1 + exp((d_ij - epsilon) / (softness x epsilon))), a binary plot whose step
      is a slope;
    - ``level``: x_j - x_i above the diagonal, (x_i + x_j) / 2 on and below it. Distances forget
      the level, the sign and the direction of time; this keeps all three.

    Attributes:
        kind: of the plot.
        threshold: epsilon, in the units of the scaled series.
        percentile: instead of ``threshold``: epsilon of each index is this percentile, 0..100,
            of the distances within training series.
        scale: ``none`` keeps the values; ``standard`` subtracts each index's mean over the
            training series and divides by its standard deviation.
        dimension: m, points of a trajectory.
        time_delay: tau, grid steps between them.
        softness: width of the slope of ``soft``, as a fraction of epsilon.
    """

    kind: Kind = "unthresholded"
    threshold: float | None = None
    percentile: float | None = None
    scale: Scale = "none"
    dimension: int = 1
    time_delay: int = 1
    softness: float = 0.25

    def __post_init__(self) -> None:
        """Check each value, and that a threshold is there where one is needed."""
        _check_choice("kind", self.kind, get_args(Kind))
        _check_choice("scale", self.scale, get_args(Scale))
        _check_embedding(self.dimension, self.time_delay)
        given = (self.threshold is not None) + (self.percentile is not None)
        if given != (self.kind in THRESHOLDED):
            wanted = "one threshold" if self.kind in THRESHOLDED else "no threshold"
            raise ValueError(
                f"a recurrence plot of kind {self.kind} takes {wanted}, got "
                f"threshold={self.threshold}, percentile={self.percentile}"
            )
        if self.kind == "level" and self.dimension > 1:
            raise ValueError(
                f"a recurrence plot of kind level compares points, so dimension must be 1, "
                f"got {self.dimension}"
            )
        if self.threshold is not None and not self.threshold > 0:
            raise ValueError(f"recurrence threshold must be above 0, got {self.threshold}")
        if self.percentile is not None and not 0 < self.percentile < 100:
            raise ValueError(
                f"recurrence percentile must lie between 0 and 100, got {self.percentile}"
            )
        if not self.softness > 0:
            raise ValueError(f"recurrence softness must be above 0, got {self.softness}")


@dataclass(frozen=True)
class Recurrence:
    """The fitted transform: all that is needed to draw the plots of other series alike.

    Attributes:
        indices: names of the I indices, in the order of the series' second axis.
        kind: of the plot.
        centre: of each index; subtracted.
        scale: of each index; divided by.
        thresholds: epsilon of each index in scaled units; None where the kind has none.
        dimension: points of a trajectory.
        time_delay: grid steps between them.
        softness: as in ``RecurrenceOptions``.
    """

    indices: tuple[str, ...]
    kind: Kind
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    thresholds: tuple[float, ...] | None
    dimension: int
    time_delay: int
    softness: float

    def __post_init__(self) -> None:
        """Check that every index has its finite values, and that the kind has its thresholds."""
        _check_choice("kind", self.kind, get_args(Kind))
        _check_embedding(self.dimension, self.time_delay)
        if (self.thresholds is None) == (self.kind in THRESHOLDED):
            raise ValueError(f"recurrence kind {self.kind} with thresholds {self.thresholds}")
        positive = {"scale": self.scale, "thresholds": self.thresholds or self.scale}
        for name, values in {"centre": self.centre, **positive}.items():
            if len(values) != len(self.indices):
                raise ValueError(
                    f"recurrence {name} must have one value for each of "
                    f"{', '.join(self.indices)}, got {values}"
                )
            bad = [v for v in values if not np.isfinite(v) or (name in positive and v <= 0)]
            if bad:
                raise ValueError(
                    f"recurrence {name} must be finite"
                    f"{' and above 0' if name in positive else ''}, got {values} for "
                    f"{', '.join(self.indices)}"
                )

    def side(self, length: int) -> int:
        """Rows and columns of the plot of a series of ``length`` points.

        Raises:
            ValueError: if the series is too short for one trajectory.
        """
        return plot_side(length, self.dimension, self.time_delay)

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Back from ``to_json``.

        Raises:
            ValueError: if a field is missing, unknown or invalid.
        """
        expected = {field.name for field in fields(cls)}
        if set(stored) != expected:
            raise ValueError(
                f"a stored recurrence transform has the fields {', '.join(sorted(expected))}; "
                f"missing: {sorted(expected - set(stored))}, "
                f"unknown: {sorted(set(stored) - expected)}"
            )
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored.items()
        }
        return cls(**values)


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
    thresholds = None
    if options.threshold is not None:
        thresholds = (options.threshold,) * len(indices)
    elif options.percentile is not None:
        rows = np.sort(rng.permutation(len(series))[:FIT_ROWS])
        sample = series[rows] / scale[:, None].astype(np.float32)
        distances = _distances(sample, options, side)
        thresholds = tuple(np.percentile(distances, options.percentile, axis=(0, 2)).tolist())
    return Recurrence(
        indices=tuple(indices),
        kind=options.kind,
        centre=tuple(centre.tolist()),
        scale=tuple(scale.tolist()),
        thresholds=thresholds,
        dimension=options.dimension,
        time_delay=options.time_delay,
        softness=options.softness,
    )


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
