"""Contrastive pretraining of the two encoders."""

from __future__ import annotations

import logging
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning.pytorch import LightningModule

from pimc.learning.augment import to_reflectance
from pimc.learning.callbacks import BestWeights, LogMetrics, TrainingRecord
from pimc.learning.crops import band_statistics
from pimc.learning.evaluation import (
    ACROSS,
    EVERYWHERE,
    PATCH,
    Embedded,
    HeldOut,
    hold_out,
    retrieval_table,
    summary,
)
from pimc.learning.fitting import fit, run_key
from pimc.learning.module import BatchLoader, ContrastiveModule, PairModule, load_batch
from pimc.learning.options import PretrainingOptions
from pimc.learning.pairs import PairBatch, PairData, PairSampler, usable_rows
from pimc.model.architecture import find_preset
from pimc.model.encoders import (
    ImageEncoder,
    ImageEncoderConfig,
    SeriesEncoder,
    SeriesEncoderConfig,
)
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainingResult:
    """What pretraining gives.

    Attributes:
        series_encoder: with the weights of the best epoch, on the CPU, in evaluation mode.
        image_encoder: likewise.
        history: one row an epoch: step, epoch, train_loss, val_loss, temperature, recall_at_1
            and recall_at_5 across patches (mean of both directions), series_rank, image_rank.
        metrics: of the best epoch, by name.
        retrieval: recall in every gallery (``pimc.learning.evaluation.retrieval_table``).
    """

    series_encoder: SeriesEncoder
    image_encoder: ImageEncoder
    history: pd.DataFrame
    metrics: dict[str, float]
    retrieval: pd.DataFrame


def pretrain(
    train: PairData,
    validation: PairData,
    recurrence: Recurrence,
    calendar: CalendarOptions,
    bands: Sequence[str],
    options: PretrainingOptions,
    checkpoint_folder: Path | str,
    log_metrics: LogMetrics | None = None,
    substitutions: Mapping[str, Mapping[str, str]] | None = None,
) -> PretrainingResult:
    """Train both encoders on pairs of a series and a crop, and measure them on held-out pairs.

    A run that was cut is resumed from its last epoch by the same call, and ends as if it had not
    been cut; a finished run leaves no checkpoint, so the same call trains anew.

    Args:
        train: pixels of the training folds.
        validation: pixels of held-out ground.
        recurrence: the transform fitted on the training folds; names the series' indices.
        calendar: on which the series lie.
        bands: names of the frames' bands, in order.
        options: all options.
        checkpoint_folder: an unfinished run keeps its checkpoint in a folder of it that is named
            by a hash of options and data.
        log_metrics: takes metrics by name and the step, after each step and each epoch.
        substitutions: by place, band asked for -> band that stands in for it; kept with the
            image encoder.

    Raises:
        ValueError: before training, if data are too few or do not fit together.
    """
    for data in (train, validation):
        _check_series(data, recurrence, calendar)
    side = options.batch.crop_side
    rows = _training_rows(train, validation, options)
    held_out_rows = usable_rows(validation, side)
    check_apart(train.pixels.iloc[rows], validation.pixels.iloc[held_out_rows], side)
    held_out = hold_out(validation, options.batch, options.evaluation)
    architecture = find_preset(options.preset)
    ground = seen_ground(train, validation)
    series_config = SeriesEncoderConfig(architecture.series, calendar, recurrence, ground)
    mean, std = band_statistics(train, rows, side, bands, options.seed)
    image_config = ImageEncoderConfig(
        architecture.image, tuple(bands), mean, std, substitutions or {}, ground
    )
    module = _build_module(series_config, image_config, options)
    batches = PairModule(
        train,
        PairSampler(train, options.batch, rows),
        options.steps_per_epoch,
        BatchLoader(validation, held_out.batches, side),
    )
    _describe(batches, held_out)
    configs = [series_config.to_json(), image_config.to_json()]
    folder = Path(checkpoint_folder) / run_key(options, configs, train, validation)
    embed = partial(embed_pairs, data=validation, side=side)
    record = TrainingRecord(
        log_metrics or _ignore, lambda model: summary(embed(model, pairs=held_out.across))
    )
    best = BestWeights()
    fit(module, batches, [record, best], options, folder)
    best.restore(module.cpu())
    module.eval()
    retrieval = retrieval_table(held_out, lambda pairs: embed(module, pairs=pairs))
    history = pd.DataFrame(record.rows)
    shutil.rmtree(folder)  # finished: the same call trains anew
    metrics = _metrics(history, best.epoch, held_out, retrieval)
    return PretrainingResult(
        module.series_encoder, module.image_encoder, history, metrics, retrieval
    )


@torch.no_grad()
def embed_pairs(module: LightningModule, data: PairData, side: int, pairs: PairBatch) -> Embedded:
    """Embeddings of pairs as they are, on the CPU."""
    if not isinstance(module, ContrastiveModule):
        raise TypeError(f"expected a ContrastiveModule, got {type(module).__name__}")
    series, _, crops = (part.to(module.device) for part in load_batch(data, pairs, side))
    return module.embed(series, to_reflectance(crops)).cpu()


def _training_rows(
    train: PairData, validation: PairData, options: PretrainingOptions
) -> np.ndarray:
    """Rows of the usable training pixels, where both sides have enough of them."""
    side = options.batch.crop_side
    rows = {
        "training": usable_rows(train, side),
        "held-out": usable_rows(validation, side),
    }
    for (name, usable), data in zip(rows.items(), (train, validation), strict=True):
        logger.info("%d of %d %s pixels can form pairs", len(usable), len(data), name)
        if 2 * len(usable) < len(data):
            logger.warning(
                "most %s pixels form no pair: they are clear in no image, or lie less than %d "
                "pixels (half a crop) inside it; raise sampling.margin to that, or lower the crop "
                "side",
                name,
                side // 2,
            )
        if len(usable) < 2:
            raise ValueError(
                f"pretraining needs 2 {name} pixels or more that are clear in a frame and at "
                f"least {side // 2} pixels inside it, got {len(usable)} of {len(data)}; check "
                "the folds, the cloud screening and the crop side"
            )
    return rows["training"]


def check_apart(training: pd.DataFrame, held_out: pd.DataFrame, side: int) -> None:
    """Refuse held-out crops that show ground of training crops: they would be no test.

    Args:
        training: pixels with their place, and y and x in its grid.
        held_out: likewise.
        side: of the crops around them.

    Raises:
        ValueError: if crops of the two overlap.
    """
    from scipy.spatial import KDTree

    for place, pixels in held_out.groupby("place"):
        trained = training[training["place"] == place]
        if trained.empty:
            continue
        distances, _ = KDTree(trained[["y", "x"]]).query(pixels[["y", "x"]], p=np.inf)
        if distances.min() < side:
            raise ValueError(
                f"place {place}: a training and a held-out pixel lie {distances.min():.0f} pixels "
                f"apart, so that their crops of {side} x {side} pixels overlap; leave a gap of at "
                f"least {side} pixels between the folds, or lower the crop side"
            )


def _check_series(data: PairData, recurrence: Recurrence, calendar: CalendarOptions) -> None:
    """Refuse series of another number of indices or another length than will be read."""
    expected = (len(recurrence.indices), calendar.length)
    if data.index_series.shape[1:] != expected:
        raise ValueError(
            f"expected series of {expected[0]} indices ({', '.join(recurrence.indices)}) x "
            f"{expected[1]} calendar steps, got {data.index_series.shape[1:]}"
        )


def seen_ground(*data: PairData) -> dict[str, tuple[int, ...]]:
    """Patches of the pixels, and the folds of each: what an encoder that reads them has seen."""
    pixels = pd.concat([each.pixels[["patch", "fold"]] for each in data]).drop_duplicates()
    folds = pixels.sort_values(["patch", "fold"]).groupby("patch")["fold"]
    return {str(patch): tuple(members.tolist()) for patch, members in folds}


def _build_module(
    series: SeriesEncoderConfig, image: ImageEncoderConfig, options: PretrainingOptions
) -> ContrastiveModule:
    """Encoders and heads with first weights that depend on the seed alone."""
    # torch draws first weights from its global generator only: it is put back afterwards
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        return ContrastiveModule(SeriesEncoder(series), ImageEncoder(image), options)


def _describe(batches: PairModule, held_out: HeldOut) -> None:
    """Say how many pairs the ground gives, and refuse ground that gives none."""
    sizes = [len(batch) for batch in batches.sampler.epoch(0, batches.steps)]
    wanted = batches.sampler.options.size
    if not sizes:
        raise ValueError(
            "the training pixels give no batch of 2 pairs: pixels of one parcel never share a "
            "batch; use more patches or more parcels"
        )
    if np.mean(sizes) < wanted:
        logger.warning(
            "batches hold %.0f pairs on average, not %d: the ground has no more pixels of "
            "different parcels",
            np.mean(sizes),
            wanted,
        )
    logger.info(
        "training on %d patches; %d held-out batches of %d pairs: the loss of a guess is ln %d "
        "= %.3f",
        batches.sampler.patches,
        len(held_out.batches),
        held_out.batch_size,
        held_out.batch_size,
        math.log(held_out.batch_size),
    )


def _metrics(
    history: pd.DataFrame, best_epoch: int, held_out: HeldOut, retrieval: pd.DataFrame
) -> dict[str, float]:
    """The best epoch in a few numbers."""
    best = history[history["epoch"] == best_epoch].iloc[0].to_dict()
    metrics = {
        "best_epoch": float(best_epoch),
        "epochs": float(len(history)),
        "val_batch_size": float(held_out.batch_size),
        "val_loss_of_a_guess": math.log(held_out.batch_size),
        **{name: best[name] for name in ("val_loss", "temperature", "series_rank", "image_rank")},
    }
    everywhere = retrieval[retrieval["place"] == EVERYWHERE]
    for kind in (ACROSS, PATCH):
        of_kind = everywhere[everywhere["gallery"] == kind]
        for name in ("recall_at_1", "recall_at_5", "chance_at_1", "chance_at_5"):
            if len(of_kind):
                metrics[f"{kind}_{name}"] = float(of_kind[name].mean())
    return metrics


def _ignore(metrics: dict[str, float], step: int) -> None:
    """Where nobody listens."""
