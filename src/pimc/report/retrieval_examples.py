"""What retrieval looks like: a series and the images it finds, an image and the series it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pimc.data.patch import FILL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    Draw = Callable[[Axes, int], None]
    """Draws the item of a number."""

QUERIES = 4
"""Rows a direction."""

ANSWERS = 5
"""First answers that are shown."""

NATURAL = ("B04", "B03", "B02")
"""Bands drawn as red, green and blue."""

OWN = "#1a9850"
"""Colour of the frame of a query's own partner."""


@dataclass(frozen=True)
class Answers:
    """What one query finds.

    Attributes:
        query: its number.
        first: numbers of the first answers, best first.
        rank: of the own partner, 1 where it comes first.
    """

    query: int
    first: tuple[int, ...]
    rank: int


def find_answers(similarity: np.ndarray) -> list[Answers]:
    """A few queries with what they find, from well to badly answered.

    The queries stand in the middle of equal parts of all, sorted by rank: a row is no better than
    its part of them.

    Args:
        similarity: N x N, query by answer; the own partner of query i is answer i. Ties count
            against the query, as in ``pimc.pretraining.retrieval.own_ranks``.
    """
    ranks = (similarity >= similarity.diagonal()[:, None]).sum(axis=1)
    by_rank, count = np.argsort(ranks, kind="stable"), min(QUERIES, len(ranks))
    middles = (np.arange(count) + 0.5) / count * len(ranks)
    order = np.argsort(-similarity, axis=1, kind="stable")[:, :ANSWERS]
    return [
        Answers(query, tuple(order[query].tolist()), int(ranks[query]))
        for query in by_rank[middles.astype(int)].tolist()
    ]


def natural_colours(crops: np.ndarray, bands: Sequence[str]) -> np.ndarray:
    """Crops as they look, all on one scale.

    Args:
        crops: N x C x rows x columns int16, ``FILL`` where there is no data.
        bands: C names. Without red, green and blue among them, the first band is drawn grey.

    Returns:
        N x rows x columns x 3 float, 0..1; white where there is no data.
    """
    names = NATURAL if set(NATURAL) <= set(bands) else (bands[0],) * 3
    shown = crops[:, [list(bands).index(name) for name in names]].transpose(0, 2, 3, 1)
    values = np.where(shown == FILL, np.nan, shown)
    # the brightest hundredth is roofs and haze, which would leave fields dark
    dark, bright = np.nanpercentile(values, [1, 99])
    stretched = ((values - dark) / max(bright - dark, 1)).clip(0, 1)
    colours: np.ndarray = np.nan_to_num(stretched, nan=1.0)
    return colours


def draw_retrieval_examples(
    series: np.ndarray,
    crops: np.ndarray | None,
    similarity: np.ndarray,
    indices: Sequence[str],
    bands: Sequence[str],
) -> Figure:
    """A few queries a direction with their first answers, best first; the own partner is framed.

    Args:
        series: N x I x L index values on the calendar.
        crops: N x C x side x side int16, reflectance x 10,000; None where the partner of a series
            is another view of it.
        similarity: N x N, series i and crop (or view) j.
        indices: I names.
        bands: C names.
    """
    from matplotlib.figure import Figure

    span = float(series.min()), float(series.max())
    draw_series = partial(_draw_series, series=series, indices=indices, span=span)
    directions: list[tuple[str, np.ndarray, Draw, Draw]]
    if crops is None:
        title = "A series, and the series whose other views are most like it"
        directions = [(title, similarity, draw_series, draw_series)]
    else:
        draw_crop = partial(_draw_crop, pictures=natural_colours(crops, bands))
        directions = [
            ("A series, and the images it finds", similarity, draw_series, draw_crop),
            ("An image, and the series it finds", similarity.T, draw_crop, draw_series),
        ]
    figure = Figure(figsize=(9.4, 5.0 * len(directions)), layout="constrained")
    parts = figure.subfigures(len(directions), 1, squeeze=False, hspace=0.04)[:, 0]
    for part, (title, alike, draw_query, draw_answer) in zip(parts, directions, strict=True):
        found = find_answers(alike)
        _draw_direction(part, found, len(alike), draw_query, draw_answer)
        part.suptitle(f"{title}, among {len(alike)} held-out pairs", fontsize=12, x=0.01, ha="left")
    _explain(parts[-1], indices)
    return figure


def _draw_direction(
    part: SubFigure, found: Sequence[Answers], size: int, draw_query: Draw, draw_answer: Draw
) -> None:
    """One row a query: itself, its first answers, its own partner."""
    shown = min(ANSWERS, size)
    # narrow columns keep query and own partner apart from the answers
    widths = [1.5, 0.12, *[1.0] * shown, 0.12, 1.0]
    axes = part.subplots(
        len(found), len(widths), squeeze=False, gridspec_kw={"width_ratios": widths}
    )
    heads = ["query", "", *[f"answer {n + 1}" for n in range(shown)], "", "its own"]
    for axis, head in zip(axes[0], heads, strict=True):
        axis.set_title(head, fontsize=9, color="0.35")
    for axis in (*axes[:, 1], *axes[:, -2]):
        axis.set_axis_off()
    for row, answers in zip(axes, found, strict=True):
        draw_query(row[0], answers.query)
        for axis, number in zip(row[2:-2], answers.first, strict=True):
            draw_answer(axis, number)
            if number == answers.query:
                _frame(axis)
        draw_answer(row[-1], answers.query)
        _frame(row[-1])
        row[-1].set_xlabel(f"rank {answers.rank}", fontsize=9, color=OWN, weight="bold")


def _explain(part: SubFigure, indices: Sequence[str]) -> None:
    """Which line is which index, and which rows are shown."""
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=f"C{number}") for number in range(len(indices))]
    columns = min(len(lines), 3)  # what is told beside it needs the other half of the width
    part.legend(lines, indices, loc="outside lower left", ncols=columns, frameon=False)
    told = "framed: the query's own partner; rows: from well to badly answered queries"
    part.supxlabel(told, fontsize=9, color="0.35", x=0.99, ha="right")


def _draw_series(
    axis: Axes, number: int, series: np.ndarray, indices: Sequence[str], span: tuple[float, float]
) -> None:
    for values, index in zip(series[number], indices, strict=True):
        axis.plot(values, linewidth=1.2, label=index)
    margin = 0.05 * (span[1] - span[0])
    axis.set_ylim(span[0] - margin, span[1] + margin)
    _bare(axis)


def _draw_crop(axis: Axes, number: int, pictures: np.ndarray) -> None:
    axis.imshow(pictures[number], interpolation="nearest")
    row, col = (side // 2 for side in pictures[number].shape[:2])
    axis.plot(col, row, "s", markersize=5, markerfacecolor="none", markeredgecolor="white")
    _bare(axis)


def _bare(axis: Axes) -> None:
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_color("0.8")


def _frame(axis: Axes) -> None:
    axis.spines[:].set(color=OWN, linewidth=3)
