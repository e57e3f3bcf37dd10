"""Which image is made of a series: the kinds of plots, and what each of them takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pimc.signal.plot_kinds import PLOT_KINDS

Scale = Literal["none", "standard"]


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise a ValueError for a value that is none of the choices."""
    if value not in choices:
        raise ValueError(f"recurrence {name} must be one of {', '.join(choices)}, got {value!r}")


def check_embedding(kind: str, dimension: int, time_delay: int, bins: int) -> None:
    """Raise a ValueError for trajectories or bins that the kind cannot have."""
    for name, value, least in (
        ("dimension", dimension, 1),
        ("time_delay", time_delay, 1),
        ("bins", bins, 2),
    ):
        if value < least:
            raise ValueError(f"recurrence {name} must be at least {least}, got {value}")
    if not PLOT_KINDS[kind].embedded and dimension > 1:
        raise ValueError(
            f"a recurrence plot of kind {kind} compares points, so dimension must be 1, "
            f"got {dimension}"
        )


@dataclass(frozen=True)
class RecurrenceOptions:
    """Which image is made of a series x_1 .. x_L.

    With trajectories v_i = (x_i, x_{i+tau}, .., x_{i+(m-1)tau}) and d_ij = |v_i - v_j|
    (Euclidean), the cell (i, j) is (Eckmann et al. 1987)

    - ``unthresholded``: d_ij;
    - ``binary``: 1 where d_ij < epsilon, else 0;
    - ``soft``: 1 / (1 + exp((d_ij - epsilon) / (softness x epsilon))), a binary plot whose step
      is a slope;
    - ``joint``: the product over the indices of their soft plots, one channel: near 1 where all
      return at once (Romano et al. 2004, whose plot it becomes as softness nears 0).

    Distances forget the level, the sign and the direction of time. From these the series itself
    can be read:

    - ``level``: x_j - x_i above the diagonal, (x_i + x_j) / 2 on and below it;
    - ``signed``: x_j - x_i, and x_i on the diagonal;
    - ``diagonal``: |x_i - x_j|, and x_i on the diagonal.

    Fields of each series within its own range, as pyts draws them, which forget its level and
    its amplitude (Wang and Oates 2015):

    - ``gasf``, ``gadf``: cos(phi_i + phi_j) and sin(phi_i - phi_j), where cos(phi) is the series
      brought to -1..1;
    - ``mtf``: the share of the steps out of the quantile bin of x_i that lead to that of x_j.

    Attributes:
        kind: of the plot.
        threshold: epsilon, in the units of the scaled series; several draw a channel each.
        percentile: instead of ``threshold``: epsilon of each index is this percentile, 0..100,
            of the distances within training series; several draw a channel each.
        scale: ``none`` keeps the values; ``standard`` subtracts each index's mean over the
            training series and divides by its standard deviation.
        dimension: m, points of a trajectory.
        time_delay: tau, grid steps between them.
        softness: width of the slope of ``soft`` and ``joint``, as a fraction of epsilon.
        bins: of ``mtf``.
        validity: whether one more channel tells where both dates were observed (1), not filled
            (0).
    """

    kind: str = "level"
    threshold: float | Sequence[float] | None = None
    percentile: float | Sequence[float] | None = None
    scale: Scale = "standard"
    dimension: int = 1
    time_delay: int = 1
    softness: float = 0.25
    bins: int = 8
    validity: bool = False

    def __post_init__(self) -> None:
        """Check each value, and that a threshold is there where one is needed."""
        for name in ("threshold", "percentile"):
            value = getattr(self, name)
            if isinstance(value, Sequence):  # a list of the parameters, which has no hash
                object.__setattr__(self, name, tuple(value))
        check_choice("kind", self.kind, tuple(PLOT_KINDS))
        check_choice("scale", self.scale, get_args(Scale))
        check_embedding(self.kind, self.dimension, self.time_delay, self.bins)
        self._check_thresholds()
        if not self.softness > 0:
            raise ValueError(f"recurrence softness must be above 0, got {self.softness}")

    def _check_thresholds(self) -> None:
        given = bool(self.thresholds) + bool(self.percentiles)
        thresholded = PLOT_KINDS[self.kind].thresholded
        if given != thresholded:
            wanted = "threshold or percentile" if thresholded else "no threshold"
            raise ValueError(
                f"a recurrence plot of kind {self.kind} takes {wanted}, got "
                f"threshold={self.threshold}, percentile={self.percentile}"
            )
        if not all(value > 0 for value in self.thresholds):
            raise ValueError(f"recurrence threshold must be above 0, got {self.threshold}")
        if not all(0 < value < 100 for value in self.percentiles):
            raise ValueError(
                f"recurrence percentile must lie between 0 and 100, got {self.percentile}"
            )

    @property
    def thresholds(self) -> tuple[float, ...]:
        """``threshold``, however many there are."""
        return _numbers(self.threshold)

    @property
    def percentiles(self) -> tuple[float, ...]:
        """``percentile``, however many there are."""
        return _numbers(self.percentile)

    @property
    def scales(self) -> int:
        """Thresholds, and channels, of each index; as in the fitted ``Recurrence``."""
        return max(1, len(self.thresholds + self.percentiles))


def _numbers(value: float | Sequence[float] | None) -> tuple[float, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, Sequence) else (value,)
