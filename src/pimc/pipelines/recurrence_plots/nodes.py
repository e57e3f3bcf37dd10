"""Nodes of the recurrence plots: fit on training folds, render what is asked for, show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pimc.data.folds import FoldOptions
from pimc.report.figure import Figure
from pimc.report.gallery import draw_plot_gallery
from pimc.signal.calendar import CalendarOptions
from pimc.signal.pyts_images import PYTS_IMAGES, render_with_pyts
from pimc.signal.recurrence import Recurrence, RecurrenceOptions
from pimc.signal.recurrence import fit_recurrence as fit

FITTED = "fitted"

ROWS_OF_THE_FIT = 20_000
"""Series that the fit looks at, at most: moments and percentiles need no more."""


@dataclass(frozen=True)
class RenderingOptions:
    """Which plots are rendered to disk, for looking and for other tools.

    Attributes:
        per_class: pixels of each class (of each place where there are no labels).
        image: "fitted" (the fitted transform, as the encoder sees it) or an image of pyts by
            name (``pimc.signal.pyts_images``): recurrence, gramian_summation,
            gramian_difference, markov.
    """

    per_class: int = 2
    image: str = FITTED

    def __post_init__(self) -> None:
        """Check the count and the image's name."""
        if self.image != FITTED and self.image not in PYTS_IMAGES:
            raise ValueError(
                f"rendering.image must be {FITTED} or one of {', '.join(PYTS_IMAGES)}, "
                f"got {self.image!r}"
            )
        if self.per_class < 1:
            raise ValueError(f"rendering.per_class must be at least 1, got {self.per_class}")


def fit_recurrence(
    index_series: np.ndarray,
    series_pixels: pd.DataFrame,
    recurrence: RecurrenceOptions,
    indices: list[str],
    folds: FoldOptions,
    seed: int,
) -> dict[str, Any]:
    """Scale and threshold of each index, from the series of the training folds alone.

    Raises:
        ValueError: if the training folds hold no pixel.
    """
    rows = np.flatnonzero(series_pixels["fold"].isin(folds.train))
    if not rows.size:
        there = sorted(series_pixels["fold"].unique())
        raise ValueError(
            f"no pixel in the training folds {folds.train}; folds with pixels: {there}"
        )
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(rows, min(len(rows), ROWS_OF_THE_FIT), replace=False))
    return fit(index_series[rows], recurrence, indices, rng).to_json()


def choose_plot_pixels(
    series_pixels: pd.DataFrame, classes: list[str], rendering: RenderingOptions, seed: int
) -> pd.DataFrame:
    """Pixels to render: ``per_class`` of each group; ``row`` is the row in ``index_series``.

    A group is a class, or a place where there are no labels.
    """
    labels = series_pixels["label"].to_numpy()
    names = np.array([*classes, ""])[labels]
    group = np.where(labels >= 0, names, series_pixels["place"].to_numpy())
    table = series_pixels.assign(row=np.arange(len(series_pixels)), group=group)
    shuffled = table.sample(frac=1, random_state=seed)
    chosen = shuffled.groupby("group").head(rendering.per_class)
    return chosen.sort_values(["label", "group", "row"]).reset_index(drop=True)


def render_plots(
    index_series: np.ndarray,
    observed: np.ndarray,
    plot_pixels: pd.DataFrame,
    recurrence: dict[str, Any],
    rendering: RenderingOptions,
) -> np.ndarray:
    """Plots of the chosen pixels: N x channels x L' x L' float32."""
    rows = plot_pixels["row"].to_numpy()
    series = np.asarray(index_series[rows])
    if rendering.image != FITTED:
        return render_with_pyts(series, rendering.image).astype(np.float32)

    import torch

    from pimc.model.plots.layer import RecurrencePlots

    read = np.concatenate([series, np.asarray(observed[rows])[:, None]], axis=1, dtype=np.float32)
    with torch.inference_mode():
        plots: np.ndarray = RecurrencePlots(Recurrence.from_json(recurrence))(
            torch.from_numpy(read)
        ).numpy()
    return plots


def draw_gallery(
    index_series: np.ndarray,
    recurrence_plots: np.ndarray,
    plot_pixels: pd.DataFrame,
    recurrence: dict[str, Any],
    rendering: RenderingOptions,
    calendar: CalendarOptions,
) -> Figure:
    """Series and plots of one pixel of each group, side by side."""
    fitted = Recurrence.from_json(recurrence)
    first = ~plot_pixels["group"].duplicated().to_numpy()
    shown = plot_pixels[first]
    return draw_plot_gallery(
        np.asarray(index_series[shown["row"].to_numpy()]),
        np.asarray(recurrence_plots)[first],
        shown["group"].tolist(),
        fitted.indices,
        fitted.channels if rendering.image == FITTED else fitted.indices,
        calendar,
        fitted.unit if rendering.image == FITTED else f"{rendering.image} of pyts",
    )
