"""Forecasting: what is known of each pixel and what comes after, and the task on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.folds import FoldOptions, name_ground
from pimc.evaluation.planning import Task
from pimc.evaluation.protocol import split_rotations
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.series_task import SeriesEncoders, SeriesTaskOptions
from pimc.evaluation.task_facts import PATCHES, TaskFacts
from pimc.signal.forecast_windows import WindowOptions
from pimc.signal.series_axes import SeriesAxes

if TYPE_CHECKING:
    from pimc.evaluation.series_inputs import SeriesInputs

FORECASTING = TaskFacts(
    "forecasting",
    "Forecasting",
    scores=("rmse", "rmse_*"),
    drawn=PATCHES,
    lower_is_better=True,
    division="targets",
    counted="values",
    series=True,
)

RESULT_VERSION = 4
"""Raise it when the code gives other results from the same data and options. (4: what is forecast
is named apart from what is read.)"""

PAPER_INDICES = ("NDVI", "EVI", "SAVI")


@dataclass(frozen=True)
class ForecastingOptions(SeriesTaskOptions):
    """What tasks on series are told (``SeriesTaskOptions``), and what this one is told.

    Attributes:
        window: how much is known and how much is forecast (``WindowOptions``).
        targets: indices that are forecast, of those that series have; the paper's three. All
            channels of the series are read.
        examples: pixels in the figure of examples.
    """

    window: WindowOptions = field(default_factory=WindowOptions)
    targets: tuple[str, ...] = PAPER_INDICES
    examples: int = 9

    def __post_init__(self) -> None:
        """Build the window where it comes as a mapping; check targets and examples."""
        super().__post_init__()
        object.__setattr__(self, "targets", tuple(self.targets))
        if not self.targets:
            raise ValueError("forecasting.targets must name what is forecast, got none")
        if isinstance(self.window, Mapping):
            object.__setattr__(self, "window", WindowOptions(**self.window))
        if self.examples < 1:
            raise ValueError(f"examples must be at least 1, got {self.examples}")


@dataclass(frozen=True, eq=False)
class ForecastPixels:
    """Pixels with enough known observations, what is known of them, and what comes after.

    Attributes:
        pixels: n rows: patch, fold, row ...
        context: n x I x context float32, finite; made of observations before the cut alone.
        observed: n x context bool, where the context was observed rather than filled.
        targets: n x K x horizon float32, mean of the clear observations nearest to each step;
            NaN where there is none.
        unscreened: as ``targets``, of all observations, cloudy ones included.
        axes: indices, and the calendar whose first steps are the context.
        forecast: K names, the indices of the targets.
    """

    pixels: pd.DataFrame
    context: np.ndarray
    observed: np.ndarray
    targets: np.ndarray
    unscreened: np.ndarray
    axes: SeriesAxes
    forecast: tuple[str, ...]

    @property
    def channels(self) -> np.ndarray:
        """K int, the channel of the context that each target continues."""
        return np.array([self.axes.indices.index(name) for name in self.forecast])


def forecast_task(
    windows: ForecastPixels,
    encoders: SeriesEncoders,
    folds: FoldOptions,
    options: ForecastingOptions,
) -> Task:
    """What comes after the contexts, told from them.

    Raises:
        ValueError: if no target was observed.
    """
    from pimc.evaluation.forecast import KINDS, Forecasting
    from pimc.evaluation.series_inputs import SeriesInputs

    context, observed, targets = map(np.array, (windows.context, windows.observed, windows.targets))
    fold = windows.pixels["fold"].to_numpy()
    # encoders read the first steps of their calendar, and nothing that comes after
    length = context.shape[2]
    axes = replace(windows.axes, calendar=replace(windows.axes.calendar, length=length))
    protocol, of_series = options.protocol, encoders.untrained(axes)
    ground = name_ground(windows.pixels), fold
    short = encoders.shortened(length)
    inputs = SeriesInputs(
        context,
        *ground,
        of_series,
        short.find,
        options.device,
        observed,
        options.precision,
    )
    forecasting = Forecasting(
        inputs, targets, windows.channels, protocol.max_train, options.device, options.seed
    )
    facts = (
        RESULT_VERSION,
        (array_digest(context, observed, targets, fold), fingerprint(inputs.ground())),
        windows.forecast,
        folds,
        protocol.max_train,
        options.seed,
        of_series,
    )
    return Task(
        FORECASTING.name,
        KINDS,
        options.inputs,
        forecasting.run,
        split_rotations(fold, find_seen(targets), folds, protocol.rotations),
        (facts,),
        partial(_of_input, encoders, inputs),
        encoders.absent(options),
        encoders.seeds,
    )


def _of_input(encoders: SeriesEncoders, inputs: SeriesInputs, run: ArmRun) -> str | None:
    """What a run's result hangs on of its encoder, and of the precision."""
    of_series, beside = encoders.digest(run), inputs.computed(run)
    return fingerprint(of_series, *beside) if beside else of_series


def find_seen(targets: np.ndarray) -> np.ndarray:
    """Pixels with a target that was observed: what is never seen can neither teach nor test."""
    seen: np.ndarray = np.isfinite(targets).any(axis=(1, 2))
    if not seen.any():
        raise ValueError(
            f"none of {len(targets)} pixels was observed in the {targets.shape[2]} calendar steps "
            "after the context; shorten forecasting.window.context, or bring longer series"
        )
    return seen
