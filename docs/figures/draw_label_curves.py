"""The figure of docs/results.md: accuracy by number of labels, read from the generated tables.

python docs/figures/draw_label_curves.py
"""

from __future__ import annotations

import re
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

HERE = Path(__file__).parent
PAGE = HERE.parent / "results/pixel_classification.md"
BLOCK = "points.pixel_classification"

BUDGETS = {
    "1 label a class": "1 a class",
    "5 labels a class": "5 a class",
    "20 labels a class": "20 a class",
    "10 % of the labels": "10 %",
    "all labels": "all",
}
"""Headings of the tables -> ticks, fewest labels first."""

ARMS = {
    "linear_probe": ("pretrained, frozen", "#1f5f9e"),
    "shipped_probe": ("of the package, frozen", "#5b9bd5"),
    "random_init": ("first weights, frozen", "#a9c4e0"),
    "cnn1d_bands": ("1-D CNN, all bands", "#b3541e"),
    "forest_bands": ("random forest, all bands", "#3f7d3a"),
    "presto_with_coordinates": ("Presto", "#8a4f7d"),
    "majority": ("commonest class", "#888888"),
}

ROW = re.compile(r"\| \**(\w+)\**(?: \(chosen\))? \|.*?\|.*?\| ([\d.]+) \| \[([\d.]+), ([\d.]+)\]")


def read_accuracies(text: str) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Budget -> arm -> accuracy and its interval, per cent, by pixel."""
    block = text.split(f": {BLOCK} -->")[1].split("<!-- end -->", maxsplit=1)[0]
    parts = re.split(r"(?m)^By pixel, (.*):$", block)
    return {
        heading: {
            arm: (float(value), float(low), float(high))
            for arm, value, low, high in ROW.findall(table.split("By parcel")[0])
        }
        for heading, table in zip(parts[1::2], parts[2::2], strict=True)
    }


def draw(accuracies: dict[str, dict[str, tuple[float, float, float]]]) -> Figure:
    """A line an arm over the budgets at which it ran, its interval as a band."""
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axis = figure.subplots()
    ends: dict[str, tuple[float, str]] = {}
    for arm, (label, colour) in ARMS.items():
        places = [at for at, name in enumerate(BUDGETS) if arm in accuracies[name]]
        values = [accuracies[name][arm] for name in BUDGETS if arm in accuracies[name]]
        middle, low, high = zip(*values, strict=True)
        axis.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
        axis.plot(places, middle, "o-", color=colour, markersize=4)
        ends[label] = (middle[-1], colour)
    _name_lines(axis, ends)
    axis.set_xticks(range(len(BUDGETS)), list(BUDGETS.values()))
    axis.set_xlim(-0.2, len(BUDGETS) + 0.3)
    axis.set_ylim(0, 100)
    axis.set_xlabel("labels that train")
    axis.set_ylabel("accuracy on other ground, %")
    axis.set_title(
        "Crops of real pixels (S2-CDL): bands are 95 % intervals", loc="left", fontsize=10
    )
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def _name_lines(axis: Axes, ends: dict[str, tuple[float, str]]) -> None:
    """Names where the lines end, from the top down, apart."""
    height = 101.0
    for label, (value, colour) in sorted(ends.items(), key=lambda each: -each[1][0]):
        height = min(value, height - 4.5)
        place = (len(BUDGETS) - 0.92, height)
        axis.annotate(label, place, color=colour, va="center", fontsize=9)


if __name__ == "__main__":
    draw(read_accuracies(PAGE.read_text())).savefig(HERE / "label_curves.png", dpi=110)
