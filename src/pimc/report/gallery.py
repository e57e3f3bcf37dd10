"""A gallery of series beside their recurrence plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLOCKS = 2
"""Groups side by side in a row of the gallery."""


def draw_plot_gallery(
    series: np.ndarray, plots: np.ndarray, groups: Sequence[str], indices: Sequence[str]
) -> Figure:
    """One strip a group: its index series, then one plot an index.

    Args:
        series: N x I x L index values.
        plots: N x I x L' x L'.
        groups: N names (classes or places).
        indices: I names.
    """
    width = 1 + len(indices)
    rows = -(-len(groups) // BLOCKS)
    figure = Figure(figsize=(BLOCKS * (2.2 + 1.3 * len(indices)), 1.5 * rows + 0.6))
    ratios = [1.9, *[1.0] * len(indices)] * BLOCKS
    axes = figure.subplots(
        rows, BLOCKS * width, squeeze=False, gridspec_kw={"width_ratios": ratios}
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for number, group in enumerate(groups):
        row, block = divmod(number, BLOCKS)
        strip = axes[row, block * width : (block + 1) * width]
        _draw_series(strip[0], series[number], group, indices, legend=number == 0)
        for axis, plot, index in zip(strip[1:], plots[number], indices, strict=True):
            axis.imshow(plot, cmap="viridis", origin="lower", interpolation="nearest")
            if row == 0:
                axis.set_title(index, fontsize=8)
    figure.suptitle("Index series and their plots (each plot on its own colour scale)", fontsize=10)
    figure.tight_layout(rect=(0, 0, 1, 0.98))
    return figure


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
