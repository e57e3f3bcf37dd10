"""Nodes of contrastive pretraining."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pimc.catalog.encoder import NO_ENCODER
from pimc.catalog.metrics import log_step
from pimc.data.folds import FoldOptions
from pimc.data.unpaired_images import UnpairedImages
from pimc.pretraining.corpus import Corpus, find_stand_ins
from pimc.pretraining.options import PretrainingOptions
from pimc.report.retrieval_examples import draw_retrieval_examples
from pimc.report.training import draw_curves
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence
from pimc.signal.sharded_array import ShardedArray

logger = logging.getLogger(__name__)


def pretrain_encoders(
    index_series: np.ndarray,
    observed: np.ndarray,
    series_pixels: pd.DataFrame,
    frames: ShardedArray,
    frame_choices: np.ndarray,
    recurrence: dict[str, Any],
    bands: list[str],
    scene_summary: dict[str, Any],
    calendar: CalendarOptions,
    folds: FoldOptions,
    pretraining: PretrainingOptions,
    checkpoints: Path,
    unpaired_images: UnpairedImages | None,
) -> tuple[Any, Any, pd.DataFrame, dict[str, float], pd.DataFrame, Figure]:
    """Train the encoders; see ``pimc.pretraining.pretrain.pretrain``.

    Returns:
        Series encoder, image encoder (``NO_ENCODER`` where the objective trains none), history
        (a row an epoch), final metrics, the recall in every gallery, and a few held-out pairs as
        they find each other.
    """
    from pimc.pretraining.pretrain import pretrain

    fitted = Recurrence.from_json(recurrence)
    corpus = Corpus(
        index_series,
        observed,
        series_pixels,
        frames,
        frame_choices,
        fitted.indices,
        bands,
        calendar,
        find_stand_ins(scene_summary),
    )
    result = pretrain(
        corpus.pairs(folds.train),
        corpus.pairs(folds.validation),
        fitted,
        calendar,
        bands,
        pretraining,
        checkpoints,
        log_step,
        corpus.substitutions,
        unpaired_images,
    )
    shown = result.examples
    return (
        result.series_encoder,
        NO_ENCODER if result.image_encoder is None else result.image_encoder,
        result.history,
        result.metrics,
        result.retrieval,
        draw_retrieval_examples(shown.series, shown.crops, shown.similarity, fitted.indices, bands),
    )


def draw_training_curves(
    pretraining_history: pd.DataFrame, pretraining_metrics: dict[str, float]
) -> Figure:
    """Losses, recall, temperature and embedding rank by epoch."""
    return draw_curves(pretraining_history, pretraining_metrics)
