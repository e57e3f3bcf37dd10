"""Options that are right by themselves, and do not fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pimc.data.option_check import nearest
from pimc.evaluation.forecast_arms import ForecastingOptions
from pimc.evaluation.planning import running_arms
from pimc.evaluation.task_options import TaskOptions
from pimc.mapping.options import MapOptions
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import plot_side
from pimc.signal.recurrence_options import RecurrenceOptions


def check_fit(read: Mapping[str, Any]) -> None:
    """Refuse what a node would refuse after others have run.

    Args:
        read: options that a run reads, by their names.

    Raises:
        ValueError: with the full name of an option.
    """
    calendar = read.get("calendar")
    for name, options in read.items():
        try:
            if isinstance(calendar, CalendarOptions):
                _check_length(options, calendar)
        except ValueError as error:
            raise ValueError(f"{name} and calendar.length do not fit: {error}") from error
        if isinstance(options, ForecastingOptions):
            _check_targets(options, read.get("indices") or ())
        if isinstance(options, TaskOptions):
            _check_files(name, options)
        if isinstance(options, MapOptions) and options.like is not None:
            _check_like(options.like)


def _check_length(options: object, calendar: CalendarOptions) -> None:
    if isinstance(options, ForecastingOptions):
        options.window.check(calendar)
    if isinstance(options, RecurrenceOptions):
        plot_side(calendar.length, options.dimension, options.time_delay)


def _check_targets(options: ForecastingOptions, indices: tuple[str, ...]) -> None:
    if absent := [name for name in options.targets if indices and name not in indices]:
        raise ValueError(
            f"forecasting.targets: {absent[0]} is not among the indices of the series "
            f"({', '.join(indices)}){nearest(absent[0], indices)}: add it to `indices`, or "
            "forecast others"
        )


def _check_files(task: str, options: TaskOptions) -> None:
    for arm in running_arms(options):
        if arm.file is not None and not Path(arm.file).is_file():
            raise ValueError(
                f"{task}.arms.{arm.name}.file: expected a file of embeddings (npz or parquet), "
                f"got {arm.file}, which is not there"
            )


def _check_like(like: str) -> None:
    from pimc.mapping.likeness import parse_points

    try:
        parse_points(like)
    except ValueError as error:
        raise ValueError(f"mapping.like: {error}") from error
