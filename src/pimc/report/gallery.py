"""A gallery of series beside their recurrence plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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

GAP = 0.06
"""Between two plots of a strip, in sides of a plot."""

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

    blocks = min(2, max(1, WIDEST // (1 + len(channels))), len(groups))
    rows = -(-len(groups) // blocks)
    size = blocks * (2.3 + 1.2 * len(channels)), 1.35 * rows + 1.3
    figure = Figure(figsize=size, layout="constrained")
    ratios = [1.9, (1 + GAP) * len(channels)] * blocks
    axes = figure.subplots(rows, blocks * 2, squeeze=False, gridspec_kw={"width_ratios": ratios})
    for axis in axes.reshape(-1)[len(groups) * 2 :]:
        axis.set_axis_off()
    colours = find_colours(plots)
    of_plots = replace(calendar, length=plots.shape[-1])  # trajectories end before the series
    for number, group in enumerate(groups):
        row, block = divmod(number, blocks)
        beside, strip = axes[row, block * 2 : block * 2 + 2]
        _draw_series(beside, series[number], indices)
        beside.set_title(group, fontsize=10, loc="left")
        starts = _draw_plots(strip, plots[number], colours)
        mark_months(strip.yaxis, of_plots, 3)
        if row == 0:
            _name(strip, channels, starts, plots.shape[-1])
        if number + blocks < len(groups):
            beside.set_xticks([])
            strip.set_xticks([])
        else:  # nothing stands below
            mark_months(beside.xaxis, calendar, 3)
            mark_months(strip.xaxis, of_plots, 3, starts)
            strip.tick_params(axis="x", rotation=90)
        for axis in (beside, strip):
            axis.tick_params(labelsize=6, length=2, color=INK, labelcolor=INK)
            axis.spines[:].set(color="0.8", linewidth=0.6)
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


def _draw_plots(axis: Axes, plots: np.ndarray, colours: dict[str, Any]) -> list[int]:
    """All plots of a group as one image: axes of their own, hundreds, took most of the drawing.

    Returns:
        The column at which each begins.
    """
    length = plots.shape[-1]
    apart = max(1, round(GAP * length))
    spaced = np.pad(plots, ((0, 0), (0, 0), (0, apart)), constant_values=np.nan)
    strip = np.concatenate([*spaced], axis=1)[:, :-apart]
    axis.imshow(strip, origin="lower", interpolation="nearest", aspect="auto", **colours)
    return [number * (length + apart) for number in range(len(plots))]


def _name(axis: Axes, channels: Sequence[str], starts: Sequence[int], length: int) -> None:
    for channel, start in zip(channels, starts, strict=True):
        middle = start + (length - 1) / 2
        axis.text(middle, length + 1, channel, fontsize=9, color=INK, ha="center", va="bottom")
