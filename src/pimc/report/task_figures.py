"""Figures that the tasks share: arms with intervals, and confusion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    "none": "0.45",
    "inductive": "tab:blue",
    "transductive": "tab:orange",
    "unknown": "tab:red",
}
"""By what an arm's encoder has seen (``pimc.report.comparison.pretraining_label``)."""


def draw_scores(scores: pd.DataFrame, title: str) -> Figure:
    """One panel a score, one row an arm: value and 95 % interval; hollow is chosen on validation.

    Args:
        scores: of one budget and unit (``pimc.report.comparison.compare``).
        title: of the figure.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(scores["score"]))
    first = scores[scores["score"] == names[0]]
    order = {arm: row for row, arm in enumerate(first["arm"][::-1])}
    figure = Figure(figsize=(3.2 * len(names) + 2, 0.3 * len(order) + 1.4))
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for panel, name in zip(panels, names, strict=True):
        for row in scores[scores["score"] == name].itertuples():
            colour = COLOURS[str(row.pretraining)]
            y = order[str(row.arm)]
            panel.plot([row.low, row.high], [y, y], color=colour, linewidth=1.5)
            face = "white" if row.chosen else colour
            panel.plot(row.value, y, "o", color=colour, markerfacecolor=face, markersize=5)
        panel.set_title(name, fontsize=9)
        panel.grid(axis="x", alpha=0.3)
        panel.tick_params(labelsize=8)
    panels[0].set_yticks(list(order.values()), list(order))
    for label, colour in COLOURS.items():
        panels[-1].plot([], [], "o", color=colour, markersize=4, label=f"pretraining: {label}")
    panels[-1].legend(fontsize=6, loc="best")
    figure.suptitle(f"{title}\n95 % intervals; hollow: chosen on validation", fontsize=9)
    figure.tight_layout()
    return figure


def draw_confusion(shares: np.ndarray, classes: Sequence[str], title: str) -> Figure:
    """Share of each true class (rows) that is predicted as each class, in per cent.

    Args:
        shares: K x K, rows sum to 1; classes whose row is NaN do not occur and are left out.
        classes: K names.
        title: of the figure.
    """
    from matplotlib.figure import Figure

    there = np.flatnonzero(np.isfinite(shares).all(axis=1))
    shown, names = shares[np.ix_(there, there)], [classes[number] for number in there.tolist()]
    side = 0.42 * len(there) + 2.2
    figure = Figure(figsize=(side, side))
    axis = figure.subplots()
    axis.imshow(shown, cmap="Blues", vmin=0, vmax=1)
    for (row, col), share in np.ndenumerate(shown):
        if share >= 0.005:
            colour = "white" if share > 0.5 else "black"
            axis.text(
                col, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=6, color=colour
            )
    axis.set_xticks(range(len(there)), names, rotation=90, fontsize=7)
    axis.set_yticks(range(len(there)), names, fontsize=7)
    axis.set_xlabel("predicted", fontsize=8)
    axis.set_ylabel("true", fontsize=8)
    axis.set_title(title, fontsize=9)
    figure.tight_layout()
    return figure
