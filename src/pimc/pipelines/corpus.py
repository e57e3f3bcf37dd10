"""What pipelines that train encoders on demand read, and how it is put together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pimc.pretraining.batches.pairs import Frames
from pimc.pretraining.corpus import Corpus, choose_frames, find_stand_ins
from pimc.signal.calendar import CalendarOptions

CORPUS_DATASETS = (
    "index_series",
    "observed",
    "series_pixels",
    "frames",
    "frame_table",
    "clear",
    "bands",
    "scene_summary",
)
"""Datasets that ``gather_corpus`` reads, named as its arguments."""

TRAINING_PARAMETERS = ("recurrence", "pretraining", "folds", "calendar", "indices")
"""Parameters of all trainings, named as the arguments of the nodes that plan them."""


def training_inputs(task: str) -> dict[str, str]:
    """What a task's node that trains encoders on demand reads, by its arguments."""
    return {
        **{name: f"params:{name}" for name in TRAINING_PARAMETERS},
        "options": f"params:{task}",
        "checkpoints": "checkpoints",
        **{name: name for name in CORPUS_DATASETS},
    }


def gather_corpus(
    index_series: np.ndarray,
    observed: np.ndarray,
    series_pixels: pd.DataFrame,
    frames: Frames,
    frame_table: pd.DataFrame,
    clear: np.ndarray,
    bands: list[str],
    scene_summary: dict[str, Any],
    indices: list[str],
    calendar: CalendarOptions,
) -> Corpus:
    """The pixels of all folds, with the bands that stand in for others by place."""
    return Corpus(
        index_series,
        observed,
        series_pixels,
        frames,
        choose_frames(series_pixels, clear, frame_table),
        indices,
        bands,
        calendar,
        find_stand_ins(scene_summary),
    )
