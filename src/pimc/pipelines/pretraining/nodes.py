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
from pimc.learning.corpus import Corpus
from pimc.learning.options import PretrainingOptions
from pimc.learning.pairs import NO_FRAME
from pimc.report.training import draw_curves
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence
from pimc.signal.sharded_array import ShardedArray

logger = logging.getLogger(__name__)


def choose_frames(
    series_pixels: pd.DataFrame, clear: np.ndarray, frame_table: pd.DataFrame
) -> np.ndarray:
    """Images in which each pixel is clear: N x K int32 frame numbers, then ``NO_FRAME``.

    One column of ``NO_FRAME`` where there are no images at all: series are pretrained alone.
    """
    slots = int(frame_table.groupby("patch_index").size().max()) if len(frame_table) else 1
    choices = np.full((len(series_pixels), slots), NO_FRAME, np.int32)
    for patch, rows in series_pixels.groupby("patch_index").indices.items():
        frames = frame_table[frame_table["patch_index"] == patch]
        pixels = series_pixels["pixel"].to_numpy()[rows]
        seen = clear[pixels][:, frames["acquisition"].to_numpy()]
        numbers = np.where(seen, frames["frame"].to_numpy(), NO_FRAME)
        # usable frames first, each row in order of time
        order = np.argsort(~seen, axis=1, kind="stable")
        choices[rows, : len(frames)] = np.take_along_axis(numbers, order, axis=1)
    if len(frame_table):
        without = int((choices[:, 0] == NO_FRAME).sum())
        logger.info("%d of %d pixels are clear in no image and form no pair", without, len(choices))
    return choices


def find_stand_ins(scene_summary: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By place, band asked for -> band that stands in for it; places where one does."""
    places = scene_summary["places"]
    stand_ins = {name: place["substitutions"] for name, place in places.items()}
    return {name: bands for name, bands in stand_ins.items() if bands}


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
) -> tuple[Any, Any, pd.DataFrame, dict[str, float], pd.DataFrame]:
    """Train the encoders; see ``pimc.learning.pretrain.pretrain``.

    Returns:
        Series encoder, image encoder (``NO_ENCODER`` where the objective trains none), history
        (a row an epoch), final metrics, and the recall in every gallery.
    """
    from pimc.learning.pretrain import pretrain

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
    return (
        result.series_encoder,
        NO_ENCODER if result.image_encoder is None else result.image_encoder,
        result.history,
        result.metrics,
        result.retrieval,
    )


def draw_training_curves(
    pretraining_history: pd.DataFrame, pretraining_metrics: dict[str, float]
) -> Figure:
    """Losses, recall, temperature and embedding rank by epoch."""
    return draw_curves(pretraining_history, pretraining_metrics)
