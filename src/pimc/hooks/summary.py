"""What a run says when it has ended: what came out, where it lies, what to type next."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from pimc.data.folds import FoldOptions
from pimc.hooks.command import run_command
from pimc.hooks.datasets import local_path
from pimc.hooks.headlines import PRETRAINING, ChosenArm, chosen_arms, scores_of

logger = logging.getLogger(__name__)

ENCODERS = ("series_encoder", "image_encoder")
PAGE = "leaderboard.page"
PIXELS = "series_pixels"
MAP_FILES, MAPS, MAP_PLACES = "map.files", "maps", "map_places"
FOLDS = "params:folds"

COMPARISON = "http://127.0.0.1:5000/#/experiments/{}/runs?workflowType=machine_learning"
"""Page of MLflow with the list of runs; without the kind of work it opens for language models."""

VIEW = "&viewStateShareKey=comparison"
"""Its columns (``pimc.hooks.headlines.comparison_view``)."""

GALLERIES = {"across_patches": "across all held-out patches", "within_patch": "within one patch"}
"""Where pixels look for their own, as metrics and as people call it."""


class RunSummary:
    """The last lines of a run."""

    @hook_impl(trylast=True)
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Say them after all others have said theirs."""
        for line in summarise(run_params, pipeline, catalog):
            logger.info("%s", line)


def summarise(run_params: Mapping[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> list[str]:
    """One line each for what was learned or chosen, for where it lies, and for what comes next.

    Returns:
        Nothing for a pipeline that writes neither encoders nor scores nor maps nor the page.
    """
    written, chosen = pipeline.all_outputs(), chosen_arms(pipeline, catalog)
    lines, places, following = [], [], ""
    if PRETRAINING in written:
        lines.append(describe_retrieval(catalog.load(PRETRAINING)))
        places += [_place(name, catalog) for name in ENCODERS if catalog.exists(name)]
        following = _next_task(run_params, catalog)
    if chosen:
        lines += [describe_choice(arm) for arm in chosen]
        places += [_place(scores_of(arm.task), catalog) for arm in chosen]
        # it reads the tables of all tasks, and none of the parameters that made them
        following = run_command({**run_params, "runtime_params": {}}, "leaderboard")
    if MAP_FILES in written:
        places.append(_place(MAPS, catalog))
    if PAGE in written:
        places, following = [*places, _place(PAGE, catalog)], ""
    if places:
        lines.append("written: " + ", ".join(places))
        lines.append("next: " + "; ".join(filter(None, [following, _compare_runs()])))
    return lines


def _compare_runs() -> str:
    """How to see this run beside others."""
    if (last := mlflow.last_active_run()) is None:
        return ""
    return f"kedro mlflow ui, then {COMPARISON.format(last.info.experiment_id)}{VIEW}"


def describe_retrieval(metrics: Mapping[str, float]) -> str:
    """How often pixels find their own among others, as a multiple of chance."""
    pair = "a series and its image" if "image_rank" in metrics else "two views of a series"
    multiples = [
        f"{metrics[f'{kind}_recall_at_1'] / metrics[f'{kind}_chance_at_1']:.1f} times {where}"
        for kind, where in GALLERIES.items()
        if f"{kind}_recall_at_1" in metrics
    ]
    return f"learned: {pair} find each other, as a multiple of chance: {', '.join(multiples)}"


def describe_choice(arm: ChosenArm) -> str:
    """Which arm validation chose, and what it reaches on test."""
    known = not math.isnan(arm.low)
    interval = f" (95 %: {arm.low:.3f} to {arm.high:.3f})" if known else ""
    score = f"{arm.score} {arm.value:.3f}{interval}"
    return f"{arm.task.name}: validation chose {arm.name}, on test {score}"


def _next_task(run_params: Mapping[str, Any], catalog: DataCatalog) -> str:
    """What the encoders can be scored on; a map where images have no test ground."""
    folds: FoldOptions = catalog.load(FOLDS)
    pixels: pd.DataFrame = catalog.load(PIXELS)
    if not pixels["fold"].isin(folds.test).any():
        return run_command(run_params, "map") if catalog.exists(MAP_PLACES) else ""
    labelled = bool((pixels["label"] >= 0).any())
    return run_command(run_params, "evaluate" if labelled else "forecasting")


def _place(name: str, catalog: DataCatalog) -> str:
    """Where a dataset lies, as seen from where the command was typed."""
    path, here = local_path(catalog[name]) or Path(name), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
