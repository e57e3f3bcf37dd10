"""Tables and the figure of the ablation: variants beside each other and beside baselines."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pimc.pretraining.kept_encoder import KeptEncoder
from pimc.report.task_figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCORE = "macro_f1"
"""Validation chooses the variant by this score, and the figure shows it."""


def choose_variant(scores: pd.DataFrame, variants: Collection[str]) -> pd.DataFrame:
    """The table with ``chosen`` at the variant with the highest macro-F1 on validation.

    One is chosen for each unit and budget; baselines and fine-tuned encoders stand aside, unless
    no variant was probed there: then it is one of all arms.
    """
    ranked = scores[scores["score"] == SCORE]
    probed = ranked["arm"].isin(variants)
    any_probed = probed.groupby([ranked["unit"], ranked["budget"]]).transform("any")
    candidates = ranked[probed | ~any_probed]
    best = candidates.loc[candidates.groupby(["unit", "budget"])["validation"].idxmax()]
    winners = set(best[["unit", "budget", "arm"]].itertuples(index=False, name=None))
    rows = scores[["unit", "budget", "arm"]].itertuples(index=False, name=None)
    return scores.assign(chosen=[row in winners for row in rows])


def tabulate_trainings(encoders: Iterable[KeptEncoder]) -> pd.DataFrame:
    """One row a training: variant, seed, rotation, digest of the encoder, and its metrics."""
    return pd.DataFrame(
        [
            {
                **(asdict(each.run) if each.run else {}),
                "digest": each.digest,
                **(each.metrics or {}),
            }
            for each in encoders
        ]
    )


def draw_ablation(scores: pd.DataFrame, differences: pd.DataFrame) -> Figure:
    """Macro-F1 by sample, a row of panels a budget: values, then differences from references.

    Dots are means over seeds and draws, lines 95 % intervals; hollow is the variant that
    validation chose.

    Args:
        scores: of all arms, with ``unit``, ``corpus`` of the encoders (NaN for arms without
            one) and the choice.
        differences: paired, from each reference.
    """
    from matplotlib.figure import Figure

    unit = scores["unit"].iloc[0]
    shown = scores[(scores["unit"] == unit) & (scores["score"] == SCORE)]
    paired = differences[(differences["unit"] == unit) & (differences["score"] == SCORE)]
    budgets = list(dict.fromkeys(shown["budget"]))
    references = list(dict.fromkeys(paired["reference"]))
    heights = [int((shown["budget"] == budget).sum()) + 2 for budget in budgets]
    figure = Figure(figsize=(3.4 * (1 + len(references)) + 1.5, 0.27 * sum(heights) + 1.0))
    panels = figure.subplots(
        len(budgets), 1 + len(references), squeeze=False, height_ratios=heights
    )
    for row, budget in zip(panels, budgets, strict=True):
        arms = shown[shown["budget"] == budget].sort_values("value")
        _draw_dots(row[0], arms, arms["value"], arms)
        row[0].set_yticks(np.arange(len(arms)), arms["arm"])
        row[0].set_title(f"{SCORE}, labels: {budget}", fontsize=9)
        for panel, reference in zip(row[1:], references, strict=True):
            chosen = paired[(paired["budget"] == budget) & (paired["reference"] == reference)]
            if chosen.empty:  # the reference does not run at this budget
                panel.set_axis_off()
                continue
            there = chosen.set_index("arm").reindex(arms["arm"]).reset_index()
            _draw_dots(panel, there, there["difference"], arms)
            panel.axvline(0, color="0.6", linewidth=0.8)
            panel.set_yticks(np.arange(len(arms)), [])
            panel.set_title(f"minus {reference}", fontsize=9)
    for label in dict.fromkeys(shown["pretraining"]):
        colour = COLOURS[label]
        panels[0, 0].plot([], [], "o", color=colour, markersize=4, label=f"pretraining: {label}")
    figure.legend(fontsize=7, loc="lower center", ncols=len(COLOURS))
    corpora = ", ".join(shown["corpus"].dropna().unique())
    title = f"Ablation, pretrained on: {corpora}\n95 % intervals; hollow: chosen on validation"
    figure.suptitle(title, fontsize=9)
    figure.tight_layout(rect=(0, 0.25 / figure.get_figheight(), 1, 1))
    return figure


def _draw_dots(panel: Axes, rows: pd.DataFrame, values: pd.Series, arms: pd.DataFrame) -> None:
    """A dot and its interval an arm; rows that are NaN stay empty."""
    colours = [COLOURS[str(each)] for each in arms["pretraining"]]
    marks = zip(rows["low"], rows["high"], values, colours, arms["chosen"], strict=True)
    for y, (low, high, value, colour, chosen) in enumerate(marks):
        panel.plot([low, high], [y, y], color=colour, linewidth=1.5)
        face = "white" if chosen else colour
        panel.plot(value, y, "o", color=colour, markerfacecolor=face, markersize=5)
    panel.set_ylim(-0.7, len(arms) - 0.3)
    panel.grid(axis="x", alpha=0.3)
    panel.tick_params(labelsize=8)
    panel.locator_params(axis="x", nbins=6)
