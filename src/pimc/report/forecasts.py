"""Tables and figures of the forecasting task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pimc.evaluation.runs import ArmResult, StoredResult
from pimc.evaluation.task_options import TaskOptions
from pimc.report.comparison import Evidence, collect, compare

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ERRORS = ("count", "squared", "absolute", "raw_squared", "raw_absolute")
"""Statistics of a group: number of observed targets, sums of errors, standardised and raw."""


@dataclass(frozen=True, eq=False)
class ForecastSamples:
    """The truth of all samples of the task, in their order.

    Attributes:
        targets: by name (screened, unscreened): N x I x H float32, NaN where not observed.
        group: N, what is drawn in the bootstrap: patch or block.
        indices: I names.
    """

    targets: Mapping[str, np.ndarray]
    group: np.ndarray
    indices: tuple[str, ...]


def forecast_tables(
    results: Sequence[StoredResult], samples: ForecastSamples, options: TaskOptions
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores of all arms and their differences, as ``compare``, and errors by lead time.

    A column ``targets`` says whether clouded observations are scored too.
    """
    tables: list[list[pd.DataFrame]] = [[], [], []]
    for name in samples.targets:
        evidence = sum_errors(results, samples, name)
        # by lead no interval is asked for: the sums over all groups say it
        trio = (
            *compare(evidence, lambda sums: error_scores(sums, samples.indices), options, True),
            lead_table(evidence, samples.indices),
        )
        for parts, table in zip(tables, trio, strict=True):
            table.insert(0, "targets", name)
            parts.append(table)
    scores, differences, leads = (pd.concat(parts, ignore_index=True) for parts in tables)
    return scores, differences, leads


def sum_errors(
    results: Sequence[StoredResult], samples: ForecastSamples, targets: str
) -> list[Evidence]:
    """Sums of errors of each arm, budget, seed and group: seeds x groups x I x H x 5."""
    names, group = np.unique(samples.group, return_inverse=True)

    def reduce(result: ArmResult, part: str) -> np.ndarray:
        rows, forecast = result.arrays[f"{part}_rows"], result.arrays[part]
        truth = samples.targets[targets][rows]
        scale = np.array(result.facts["scale"])[:, None]
        return grouped_errors(forecast, truth, scale, group[rows], len(names))

    return collect(results, reduce)


def grouped_errors(
    forecast: np.ndarray, truth: np.ndarray, scale: np.ndarray, group: np.ndarray, groups: int
) -> np.ndarray:
    """Sums of errors of each group where the truth is known.

    Args:
        forecast: n x I x H in units of the indices.
        truth: likewise, NaN where not observed.
        scale: I x 1, by which errors are divided to be standardised.
        group: n int.
        groups: number of groups.

    Returns:
        groups x I x H x 5 float64, as ``ERRORS``.
    """
    known = np.isfinite(truth)
    error = np.where(known, forecast - truth, 0).astype(np.float64)
    scaled = error / scale
    each = np.stack([known, scaled**2, np.abs(scaled), error**2, np.abs(error)], axis=-1)
    sums = np.zeros((groups, *each.shape[1:]))
    np.add.at(sums, group, each)
    return sums


def error_scores(sums: np.ndarray, indices: Sequence[str]) -> dict[str, np.ndarray]:
    """RMSE and MAE of each index over all leads, standardised and raw.

    Args:
        sums: ... x I x H x 5, as ``ERRORS``.
        indices: I names.

    Returns:
        ``rmse``, the mean of the standardised RMSE over indices, then ``rmse_NDVI`` and so on,
        ``mae_``, ``raw_rmse_`` and ``raw_mae_``: each of shape ....
    """
    # a sum of nothing is nothing: NaN where no target was observed
    with np.errstate(invalid="ignore"):
        total = sums.sum(axis=-2)
        means = total[..., 1:] / total[..., :1]
    rmse, mae = np.sqrt(means[..., 0]), means[..., 1]
    raw_rmse, raw_mae = np.sqrt(means[..., 2]), means[..., 3]
    kinds = {"rmse": rmse, "mae": mae, "raw_rmse": raw_rmse, "raw_mae": raw_mae}
    by_index = {
        f"{kind}_{index}": values[..., number]
        for kind, values in kinds.items()
        for number, index in enumerate(indices)
    }
    return {"rmse": rmse.mean(axis=-1), **by_index}


def lead_table(evidence: Sequence[Evidence], indices: Sequence[str]) -> pd.DataFrame:
    """Errors by lead time, over all seeds: budget, arm, index, lead (1 is the next step), ..."""
    rows = []
    for each in evidence:
        sums = each.test.sum(axis=(0, 1))
        for (number, lead), count in np.ndenumerate(sums[..., 0]):
            if count:
                squared, absolute, raw_squared, raw_absolute = sums[number, lead, 1:] / count
                rows.append(
                    {
                        "budget": each.budget,
                        "arm": each.arm,
                        "index": indices[number],
                        "lead": lead + 1,
                        "observations": int(count / len(each.test)),
                        "rmse": float(np.sqrt(squared)),
                        "mae": float(absolute),
                        "raw_rmse": float(np.sqrt(raw_squared)),
                        "raw_mae": float(raw_absolute),
                    }
                )
    return pd.DataFrame(rows)


def draw_leads(leads: pd.DataFrame, title: str) -> Figure:
    """Standardised RMSE by lead time, a panel an index, a line an arm."""
    from matplotlib.figure import Figure

    indices = list(dict.fromkeys(leads["index"]))
    figure = Figure(figsize=(3.6 * len(indices) + 1.6, 3.6))
    panels = figure.subplots(1, len(indices), sharey=True, squeeze=False)[0]
    for panel, index in zip(panels, indices, strict=True):
        for number, arm in enumerate(dict.fromkeys(leads["arm"])):
            rows = leads[(leads["arm"] == arm) & (leads["index"] == index)]
            style = ("-", "--")[number // 10 % 2]
            panel.plot(rows["lead"], rows["rmse"], style, color=f"C{number % 10}", label=arm)
        panel.set_title(index, fontsize=9)
        panel.set_xlabel("lead (steps)", fontsize=8)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("standardised RMSE", fontsize=8)
    panels[-1].legend(fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    return figure


def draw_examples(
    context: np.ndarray,
    targets: np.ndarray,
    forecasts: Mapping[str, np.ndarray],
    names: Sequence[str],
    index: str,
) -> Figure:
    """One panel a pixel: what was known, what came, and what the arms said.

    Args:
        context: n x L of one index.
        targets: n x H, NaN where not observed.
        forecasts: by arm: n x H.
        names: n titles.
        index: the one that is drawn.
    """
    from matplotlib.figure import Figure

    columns = 3
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4 * columns, 2.3 * rows + 0.5))
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    past, future = np.arange(context.shape[1]), context.shape[1] + np.arange(targets.shape[1])
    for panel in panels.flat:
        panel.set_axis_off()
    for number, (panel, name) in enumerate(zip(panels.flat, names, strict=False)):
        panel.set_axis_on()
        panel.plot(past, context[number], color="0.4", linewidth=1, label="known")
        panel.plot(future, targets[number], "ko", markersize=3, label="observed")
        for arm, values in forecasts.items():
            panel.plot(future, values[number], linewidth=1.2, label=arm)
        panel.set_title(name, fontsize=8)
        panel.axvline(future[0] - 0.5, color="0.8", linewidth=1)
        panel.tick_params(labelsize=7)
    panels.flat[0].legend(fontsize=6)
    figure.suptitle(f"Forecasts of {index} for test pixels drawn at random", fontsize=10)
    figure.tight_layout()
    return figure
