"""Nodes of contrastive pretraining."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from pimc.catalog.encoder import NO_ENCODER, NoEncoder
from pimc.catalog.metrics import log_step
from pimc.data.folds import FoldOptions
from pimc.data.unpaired_images import UnpairedImages
from pimc.model.encoder_config import StoredImageEncoder, StoredSeriesEncoder
from pimc.pretraining.corpus import Corpus
from pimc.pretraining.kept_encoder import remove_checkpoint
from pimc.pretraining.options import PretrainingOptions
from pimc.report.encoder_card import CardOptions, see_ground, write_card
from pimc.report.figure import Figure
from pimc.report.retrieval_examples import draw_retrieval_examples
from pimc.report.training import draw_curves
from pimc.signal.recurrence import Recurrence


def pretrain_encoders(
    corpus: Corpus,
    recurrence: dict[str, Any],
    folds: FoldOptions,
    pretraining: PretrainingOptions,
    checkpoints: Path,
    unpaired_images: UnpairedImages | None,
) -> tuple[
    StoredSeriesEncoder,
    StoredImageEncoder | NoEncoder,
    pd.DataFrame,
    dict[str, float],
    pd.DataFrame,
    Figure,
    Path,
]:
    """Train the encoders; see ``pimc.pretraining.pretrain.pretrain``.

    Returns:
        Series encoder, image encoder (``NO_ENCODER`` where the objective trains none), history
        (a row an epoch), final metrics, the recall in every gallery, a few held-out pairs as
        they find each other, and the folder of the checkpoint.
    """
    from pimc.pretraining.pretrain import pretrain

    result = pretrain(
        corpus.pairs(folds.train),
        corpus.pairs(folds.validation),
        corpus.inputs(Recurrence.from_json(recurrence)),
        pretraining,
        checkpoints,
        log_step,
        unpaired_images,
    )
    shown = result.examples
    return (
        result.series_encoder,
        NO_ENCODER if result.image_encoder is None else result.image_encoder,
        result.history,
        result.metrics,
        result.retrieval,
        draw_retrieval_examples(
            shown.series, shown.crops, shown.similarity, corpus.indices, corpus.bands
        ),
        result.checkpoint,
    )


def drop_checkpoint(finished_checkpoint: Path, series_encoder: StoredSeriesEncoder | None) -> None:
    """Remove the checkpoint of a training whose encoder was stored, and read from its file again.

    It runs when all else that the training gave is stored too.
    """
    if series_encoder is not None:
        remove_checkpoint(finished_checkpoint)


def draw_training_curves(
    pretraining_history: pd.DataFrame, pretraining_metrics: dict[str, float]
) -> Figure:
    """Losses, recall, temperature and embedding rank by epoch."""
    return draw_curves(pretraining_history, pretraining_metrics)


def describe_encoder(
    encoder: StoredSeriesEncoder | StoredImageEncoder | None,
    corpus: Corpus,
    folds: FoldOptions,
    pretraining: PretrainingOptions,
    pretraining_metrics: dict[str, float],
    retrieval: pd.DataFrame,
    card: CardOptions,
) -> str:
    """The card of an encoder that was just trained; "" where there is none."""
    from pimc.model.encoders import ImageEncoder, SeriesEncoder
    from pimc.training.precision import settle

    if not isinstance(encoder, SeriesEncoder | ImageEncoder):
        return ""
    precision = settle(pretraining.precision, pretraining.accelerator)
    pretraining = replace(pretraining, precision=precision)
    parts = {"trained on": folds.train, "epoch chosen on": folds.validation}
    ground = {name: see_ground(corpus.pixels, each) for name, each in parts.items()}
    return write_card(encoder, ground, pretraining, pretraining_metrics, retrieval, card)
