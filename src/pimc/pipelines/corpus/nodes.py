"""Nodes of the corpus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pimc.pretraining.corpus import Corpus, find_stand_ins
from pimc.signal.series_axes import SeriesAxes
from pimc.signal.sharded_array import ShardedArray


def gather_corpus(
    index_series: np.ndarray,
    observed: np.ndarray,
    series_pixels: pd.DataFrame,
    series_axes: Mapping[str, Any],
    frames: ShardedArray,
    frame_choices: np.ndarray,
    scene_summary: Mapping[str, Any],
    band_series: np.ndarray,
    source_pixels: pd.DataFrame,
) -> Corpus:
    """All that encoders are trained on and tasks on series read."""
    return Corpus(
        index_series,
        observed,
        series_pixels,
        frames,
        frame_choices,
        SeriesAxes.from_json(series_axes),
        frames.bands,
        find_stand_ins(scene_summary),
        band_series,
        source_pixels,
    )
