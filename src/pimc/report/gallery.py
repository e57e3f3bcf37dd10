"""A gallery of series beside their recurrence plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pimc.report.months import mark_months
from pimc.signal.calendar import CalendarOptions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDEST = 12
"""Columns of a row of the gallery, at most, where more than one group would stand in it."""

SHOWN = 99.5
"""Percentile of the cells at which the colours end: single peaks would leave all others pale."""

INK = "0.35"
"""Colour of what is beside the data."""


def draw_plot_gallery(
    series: np.ndarray,
    plots: np.ndarray,
    groups: Sequence[str],
    indices: Sequence[str],
    channels: Sequence[str],
    calendar: CalendarOptions,
    unit: str,
) -> Figure:
    """One strip a group: its index series, then one plot a channel, all on one colour scale.

    Args:
        series: N x I x L index values.
        plots: N x channels x L' x L'. Where values lie below 0, two colours meet at 0.
        groups: N names (classes or places).
        indices: I names.
        channels: names of the channels.
        calendar: of the series.
        unit: of the cells of the plots.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    width = 1 + len(channels)
    blocks = min(2, max(1, WIDEST // width), len(groups))
    rows = -(-len(groups) // blocks)
    size = blocks * (2.3 + 1.2 * len(channels)), 1.35 * rows + 1.3
    figure = Figure(figsize=size, layout="constrained")
    ratios = [1.9, *[1.0] * len(channels)] * blocks
    axes = figure.subplots(
        rows, blocks * width, squeeze=False, gridspec_kw={"width_ratios": ratios}
    )
    for axis in axes.reshape(-1)[len(groups) * width :]:
        axis.set_axis_off()
    colours = find_colours(plots)
    for number, group in enumerate(groups):
        row, block = divmod(number, blocks)
        strip = axes[row, block * width : (block + 1) * width]
        below = number + blocks >= len(groups)  # nothing stands below: here are the months' names
        _draw_series(strip[0], series[number], indices)
        strip[0].set_title(group, fontsize=10, loc="left")
        _draw_plots(strip[1:], plots[number], colours, calendar)
        _finish(strip, calendar, named=below)
        if row == 0:
            for axis, channel in zip(strip[1:], channels, strict=True):
                axis.set_title(channel, fontsize=9, color=INK)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=9)
    bar = ScalarMappable(Normalize(colours["vmin"], colours["vmax"]), colours["cmap"])
    figure.colorbar(bar, ax=axes, location="bottom", label=unit, aspect=70, shrink=0.6, pad=0.01)
    return figure


def find_colours(plots: np.ndarray) -> dict[str, Any]:
    """A colour scale for all plots: ``cmap``, ``vmin`` and ``vmax``."""
    limit = float(np.percentile(np.abs(plots), SHOWN)) or 1.0
    if (plots < 0).any():
        return {"cmap": "RdBu", "vmin": -limit, "vmax": limit}
    return {"cmap": "viridis", "vmin": 0.0, "vmax": limit}


def _draw_series(axis: Axes, series: np.ndarray, indices: Sequence[str]) -> None:
    for values, index in zip(series, indices, strict=True):
        axis.plot(values, linewidth=1, label=index)
    axis.set_xlim(0, series.shape[1] - 1)
    axis.set_ylim(-0.2, 1.1)


def _draw_plots(
    axes: Iterable[Axes], plots: np.ndarray, colours: dict[str, Any], calendar: CalendarOptions
) -> None:
    for number, (axis, plot) in enumerate(zip(axes, plots, strict=True)):
        axis.imshow(plot, origin="lower", interpolation="nearest", **colours)
        axis.tick_params(axis="x", rotation=90)
        mark_months(axis.yaxis, calendar, 3, named=number == 0)


def _finish(axes: Iterable[Axes], calendar: CalendarOptions, named: bool) -> None:
    for axis in axes:
        mark_months(axis.xaxis, calendar, 3, named)
        axis.tick_params(labelsize=6, length=2, color=INK, labelcolor=INK)
        axis.spines[:].set(color="0.8", linewidth=0.6)
