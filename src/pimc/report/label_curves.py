"""Scores by number of labels, a line an arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pimc.report.leaderboard.table import arm_role

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EMPHASISED = 8
"""Arms in colour, at most: more cannot be told apart."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a5195", "#1b1b1b")
"""Okabe and Ito's, which colour-blind readers tell apart, without yellow, too pale for a line."""

GREY = "0.62"

ASIDE = ("trivial", "control")
"""Roles that are never in colour."""


def draw_label_curves(scores: pd.DataFrame, score: str, title: str) -> Figure:
    """A score by number of labelled training samples, each arm named where its line ends.

    Lines of arms without a pretrained encoder are dashed. Bands, or bars where an arm has one
    budget, are 95 % intervals. The arm chosen on validation is bold.

    Args:
        scores: of one unit, several budgets (``pimc.report.comparison.compare``).
        score: the one drawn.
        title: of the figure.
    """
    from matplotlib.figure import Figure

    shown = scores[scores["score"] == score].sort_values("train_samples")
    last = shown.groupby("arm").last().sort_values("value", ascending=False)
    most = shown[shown["train_samples"] == shown["train_samples"].max()]
    chosen = set(most.loc[most["chosen"], "arm"])
    colours = choose_colours(last, chosen)
    figure = Figure(figsize=(8.6, 5.2), layout="constrained")
    axis = figure.subplots()
    for arm, row in last.iterrows():
        style = "--" if row["pretraining"] == "none" else "-"
        _draw_arm(axis, shown[shown["arm"] == arm], style, colours[str(arm)], arm in chosen)
    _mark_budgets(axis, shown)
    _name_arms(axis, last, colours, chosen)
    axis.set_ylabel(score.replace("_", " "))
    axis.grid(axis="y", alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_title(title, fontsize=11, loc="left")
    note = "solid: pretrained encoder, dashed: none; 95 % intervals; bold: chosen on validation"
    figure.supxlabel(note, fontsize=8, color="0.4")
    return figure


def choose_colours(last: pd.DataFrame, chosen: set[str]) -> dict[str, str]:
    """A colour an arm: the chosen and the best have their own, all others are grey.

    Args:
        last: by arm, best first: ``kind`` and ``input``.
        chosen: arms that are in colour whatever their place.
    """
    sources = last["input"].fillna("").astype(str)
    roles = {
        str(arm): arm_role(kind, source)
        for arm, kind, source in zip(last.index, last["kind"], sources, strict=True)
    }
    worthy = [arm for arm, role in roles.items() if role not in ASIDE]
    first = sorted(worthy, key=lambda arm: arm not in chosen)[:EMPHASISED]
    own = dict(zip((arm for arm in worthy if arm in first), COLOURS, strict=False))
    return {arm: own.get(arm, GREY) for arm in roles}


def spread_labels(values: np.ndarray, gap: float) -> np.ndarray:
    """Heights as near to ``values`` as they can be, in their order and ``gap`` apart at least.

    Groups of labels that would overlap are centred on the mean of their values.

    Args:
        values: 0..1.
        gap: small enough that all find room.

    Returns:
        0..1.
    """
    order = np.argsort(values, kind="stable")
    # less its place times the gap, a height need only not decrease: isotonic regression
    groups: list[tuple[float, int]] = []
    for place, value in enumerate(values[order].tolist()):
        mean, count = value - place * gap, 1
        while groups and groups[-1][0] > mean:
            before, size = groups.pop()
            mean, count = (mean * count + before * size) / (count + size), count + size
        groups.append((mean, count))
    level = np.repeat([mean for mean, _ in groups], [count for _, count in groups])
    level = level.clip(0, 1 - gap * (len(values) - 1))
    heights = np.empty(len(values))
    heights[order] = level + gap * np.arange(len(values))
    return heights


def _draw_arm(axis: Axes, rows: pd.DataFrame, style: str, colour: str, bold: bool) -> None:
    labels, value = rows["train_samples"], rows["value"]
    back = colour == GREY
    width = 3.0 if bold else 1.0 if back else 1.7
    axis.plot(
        labels, value, style, marker="o", markersize=4, color=colour, linewidth=width,
        zorder=2 if back else 3, label=rows["arm"].iloc[0],
    )  # fmt: skip
    if back:
        return
    if len(rows) > 1:
        axis.fill_between(labels, rows["low"], rows["high"], color=colour, alpha=0.1, linewidth=0)
    else:
        axis.vlines(labels, rows["low"], rows["high"], color=colour, alpha=0.35, linewidth=1.5)


def _mark_budgets(axis: Axes, shown: pd.DataFrame) -> None:
    """Number of labels and name of each budget; the distances are logarithmic."""
    budgets = shown.groupby("budget")["train_samples"].median().sort_values()
    words = [f"{count:,.0f}\n{str(name).replace('_', ' ')}" for name, count in budgets.items()]
    axis.set_xscale("log")
    axis.set_xticks(budgets.to_numpy(), words)
    axis.set_xticks([], minor=True)
    axis.set_xlabel("labelled training samples")


def _name_arms(axis: Axes, last: pd.DataFrame, colours: dict[str, str], chosen: set[str]) -> None:
    """Names right of the axis, each joined to the end of its line."""
    low, high = axis.get_ylim()
    # the axis is as high as 23 lines of text
    gap = 1 / max(23, len(last))
    heights = spread_labels((last["value"].to_numpy() - low) / (high - low), gap)
    for (arm, row), height in zip(last.iterrows(), heights, strict=True):
        colour = colours[str(arm)]
        axis.annotate(
            str(arm),
            (row["train_samples"], row["value"]),
            (1.05, height),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            weight="bold" if arm in chosen else "normal",
            color="0.45" if colour == GREY else colour,
            arrowprops={"arrowstyle": "-", "color": colour, "alpha": 0.5, "relpos": (0, 0.5)},
        )
