"""A gallery of series beside their recurrence plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDEST = 12
"""Columns of a row of the gallery, at most, where more than one group would stand in it."""


def draw_plot_gallery(
    series: np.ndarray,
    plots: np.ndarray,
    groups: Sequence[str],
    indices: Sequence[str],
    channels: Sequence[str],
) -> Figure:
    """One strip a group: its index series, then one plot a channel.

    Args:
        series: N x I x L index values.
        plots: N x channels x L' x L'. A channel that has values below 0 is drawn in two colours
            that meet at 0.
        groups: N names (classes or places).
        indices: I names.
        channels: names of the channels.
    """
    width = 1 + len(channels)
    blocks = min(2, max(1, WIDEST // width))
    rows = -(-len(groups) // blocks)
    figure = Figure(figsize=(blocks * (2.2 + 1.3 * len(channels)), 1.5 * rows + 0.6))
    ratios = [1.9, *[1.0] * len(channels)] * blocks
    axes = figure.subplots(
        rows, blocks * width, squeeze=False, gridspec_kw={"width_ratios": ratios}
    )
    signed = np.asarray(plots.min(axis=(0, 2, 3)) < 0)
    for axis in axes.flat:
        axis.set_axis_off()
    for number, group in enumerate(groups):
        row, block = divmod(number, blocks)
        strip = axes[row, block * width : (block + 1) * width]
        _draw_series(strip[0], series[number], group, indices, legend=number == 0)
        for channel, (axis, plot) in enumerate(zip(strip[1:], plots[number], strict=True)):
            _draw_plot(axis, plot, signed[channel])
            if row == 0:
                axis.set_title(channels[channel], fontsize=8)
    figure.suptitle("Index series and their plots (each plot on its own colour scale)", fontsize=10)
    figure.tight_layout(rect=(0, 0, 1, 0.98))
    return figure


def _draw_plot(axis: Axes, plot: np.ndarray, signed: bool) -> None:
    limit = float(np.abs(plot).max()) or 1.0
    colours: dict[str, Any] = {"cmap": "viridis"}
    if signed:
        colours = {"cmap": "RdBu", "vmin": -limit, "vmax": limit}
    axis.imshow(plot, origin="lower", interpolation="nearest", **colours)


def _draw_series(
    axis: Axes, series: np.ndarray, group: str, indices: Sequence[str], legend: bool
) -> None:
    axis.set_axis_on()
    for values, index in zip(series, indices, strict=True):
        axis.plot(values, linewidth=1, label=index)
    axis.set_ylim(-0.2, 1.1)
    axis.set_xticks([])
    axis.tick_params(labelsize=6)
    axis.set_title(group, fontsize=8, loc="left")
    if legend:
        axis.legend(fontsize=5, loc="upper left", framealpha=0.5)
