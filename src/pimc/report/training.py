"""Curves of a pretraining run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_curves(history: pd.DataFrame, metrics: Mapping[str, float]) -> Figure:
    """Loss, recall, temperature and embedding rank by epoch; the chosen epoch is marked.

    Args:
        history: one row an epoch (``pimc.pretraining.pretrain.PretrainingResult.history``).
            Temperature and image_rank are drawn where there are such columns.
        metrics: of the chosen epoch: best_epoch, across_patches_chance_at_1, and
            val_loss_of_a_guess where the loss has one.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6.4))
    (loss, recall), (temperature, rank) = figure.subplots(2, 2, sharex=True)
    _draw(loss, history, {"train_loss": "training", "val_loss": "held-out"}, "Loss")
    if "val_loss_of_a_guess" in metrics:
        _mark_level(loss, metrics["val_loss_of_a_guess"], "a guess")
    names = {"recall_at_1": "recall@1", "recall_at_5": "recall@5"}
    _draw(recall, history, names, "Recall across held-out patches")
    _mark_level(recall, metrics["across_patches_chance_at_1"], "chance@1")
    _draw(temperature, history, {"temperature": "temperature"}, "Learned temperature")
    ranks = {"series_rank": "series", "image_rank": "image"}
    _draw(rank, history, ranks, "Effective rank of the embeddings")
    for axis in (loss, recall, temperature, rank):
        axis.axvline(metrics["best_epoch"], color="0.75", linewidth=6, zorder=0)
        axis.set_ylim(bottom=0)
        if len(axis.lines) > 1:  # more than the mark of the epoch
            axis.legend(fontsize=8)
        axis.grid(alpha=0.3)
    for axis in (temperature, rank):
        axis.set_xlabel("epoch (grey: the one that is kept)")
    figure.tight_layout()
    return figure


def _draw(axis: Axes, history: pd.DataFrame, columns: Mapping[str, str], title: str) -> None:
    for column, label in columns.items():
        if column not in history:
            continue
        axis.plot(history["epoch"], history[column], label=label, marker=".", markersize=4)
    axis.set_title(title, fontsize=10)


def _mark_level(axis: Axes, level: float, label: str) -> None:
    axis.axhline(level, color="black", linestyle=":", linewidth=1, label=label)
