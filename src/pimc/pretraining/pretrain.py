"""Pretraining of the encoders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from filelock import FileLock, Timeout
from lightning.pytorch import LightningModule

from pimc.data.atomic import require_room
from pimc.data.unpaired_images import UnpairedImages
from pimc.model.architecture import find_preset
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pretraining.batches.crops import band_statistics
from pimc.pretraining.batches.loader import BatchLoader, PairModule, load_batch
from pimc.pretraining.batches.pairs import PairBatch, PairData, PairSampler
from pimc.pretraining.batches.unpaired import BandMap, UnpairedSource
from pimc.pretraining.callbacks import BestWeights, EpochLines, TrainingRecord
from pimc.pretraining.corpus import EncoderInputs
from pimc.pretraining.examples import RetrievalExamples, keep_examples
from pimc.pretraining.fitting import fit, run_key, shows_bar
from pimc.pretraining.galleries import (
    ACROSS,
    EVERYWHERE,
    PATCH,
    Embedded,
    HeldOut,
    hold_out,
    retrieval_table,
    summary,
)
from pimc.pretraining.ground import (
    check_series,
    describe,
    loss_of_a_guess,
    needed_data,
    seen_ground,
    training_rows,
)
from pimc.pretraining.kept_encoder import LogMetrics
from pimc.pretraining.module import ContrastiveModule
from pimc.pretraining.objective.likeness import SeriesScale, series_scale
from pimc.pretraining.options import ENCODER_VERSION, PretrainingOptions
from pimc.training.precision import settle


@dataclass(frozen=True)
class PretrainingResult:
    """What pretraining gives.

    Attributes:
        series_encoder: with the weights of the best epoch, on the CPU, in evaluation mode.
        image_encoder: likewise; None where the objective reads no images.
        history: one row an epoch: step, epoch, train_loss, val_loss, train and val loss of each
            term where there are several, temperature (of the first loss that has one),
            recall_at_1 and recall_at_5 across patches (mean of both directions; of one view by
            the other where there are no images), series_rank, image_rank.
        metrics: of the best epoch, by name.
        retrieval: recall in every gallery (``pimc.pretraining.galleries.retrieval_table``).
        examples: a few held-out pairs to look at.
        checkpoint: folder of the training's checkpoint, which is the means to make all this again:
            whoever has stored the encoders removes it (``kept_encoder.remove_checkpoint``).
    """

    series_encoder: SeriesEncoder
    image_encoder: ImageEncoder | None
    history: pd.DataFrame
    metrics: dict[str, float]
    retrieval: pd.DataFrame
    examples: RetrievalExamples
    checkpoint: Path


def pretrain(
    train: PairData,
    validation: PairData,
    inputs: EncoderInputs,
    options: PretrainingOptions,
    checkpoint_folder: Path | str,
    log_metrics: LogMetrics | None = None,
    unpaired: UnpairedImages | None = None,
) -> PretrainingResult:
    """Train the encoders by the objective of ``options``, and measure them on held-out pixels.

    A run that was cut is resumed from its last epoch by the same call, and ends as if it had not
    been cut. One that has ended gives the same again, until the result's checkpoint is removed.

    Args:
        train: pixels of the training folds.
        validation: pixels of held-out ground.
        inputs: fitted transform, calendar and bands, which the encoders keep.
        options: all options.
        checkpoint_folder: an unfinished run keeps its checkpoint in a folder of it that is named
            by a hash of options and data.
        log_metrics: takes metrics by name and the step, after each step and each epoch.
        unpaired: images of the objective's term ``image``; not read where it has none.

    Raises:
        ValueError: before training, if data are too few or do not fit together.
        DiskError: before training, if the checkpoint could not be stored.
        RuntimeError: if another process is making the same training in the same folder.
    """
    options = replace(options, precision=settle(options.precision, options.accelerator))
    for data in (train, validation):
        check_series(data, inputs.recurrence, inputs.calendar)
    read = [needed_data(data, options) for data in (train, validation)]
    # with images at hand, batches are the same whether the objective reads them or not: rivals
    # that learn from series alone meet the same pixels and negatives
    rows = training_rows(train, validation, options)
    sampler = PairSampler(train, options.batch, rows)
    held_out = hold_out(validation, options.batch, options.evaluation)
    train, validation = read
    ground = seen_ground(train, validation)
    preset = find_preset(options.preset)
    series = SeriesEncoderConfig(preset.series, inputs.calendar, inputs.recurrence, ground)
    image = None
    if train.has_images:
        bands = tuple(inputs.bands)
        statistics = band_statistics(train, rows, options.batch.crop_side, bands, options.seed)
        seen = unpaired.names if unpaired and options.objective.image else None
        image = ImageEncoderConfig(
            preset.image, bands, *statistics, inputs.substitutions, ground, seen
        )
    source = _open_unpaired(unpaired, image, options)
    band_map = None if source is None else source.band_map
    module = _build_module(series, image, options, series_scale(train, rows), band_map)
    batches = _batches(train, sampler, validation, held_out, options, source)
    facts: list[object] = [ENCODER_VERSION]
    facts += [config.to_json() for config in (series, image) if config]
    if source and unpaired:
        facts.append(unpaired.fingerprint)
    folder = Path(checkpoint_folder) / run_key(options, facts, train, validation)
    with _alone(folder):
        return _train(module, batches, held_out, folder, log_metrics or _ignore)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder of a training, which two processes would overwrite for each other."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # beside the folder, which goes when the encoders are stored; the system frees the lock of a
    # process that was killed
    path = folder.with_suffix(".lock")
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise RuntimeError(
            f"another process is making this training ({folder}): wait until it has ended, then "
            "run the command again"
        ) from error
    try:
        yield
    finally:
        path.unlink()  # while it is held: nobody's but ours
        lock.release()


def _train(
    module: ContrastiveModule,
    batches: PairModule,
    held_out: HeldOut,
    folder: Path,
    log_metrics: LogMetrics,
) -> PretrainingResult:
    """Train, and measure the encoders of the best epoch."""
    options, held_out_data = module.options, batches.validation.data
    side = options.batch.crop_side
    embed = partial(embed_pairs, data=held_out_data, side=side)
    require_room(folder, _stored_bytes(module))
    record = TrainingRecord(log_metrics, lambda model: summary(embed(model, held_out.across)))
    best = BestWeights()
    lines = [] if shows_bar(options) else [EpochLines(record)]
    fit(module, batches, [record, best, *lines], options, folder)
    best.restore(module.cpu())
    module.eval()
    embed_best = partial(embed, module)
    retrieval = retrieval_table(held_out, embed_best)
    examples = keep_examples(held_out, held_out_data, side, embed_best)
    history = pd.DataFrame(record.rows)
    metrics = {
        **_metrics(history, best.epoch, retrieval),
        "val_batch_size": float(held_out.batch_size),
        **loss_of_a_guess(batches, held_out, options),
    }
    return PretrainingResult(
        module.series_encoder, module.image_encoder, history, metrics, retrieval, examples, folder
    )


def _stored_bytes(module: ContrastiveModule) -> int:
    """What a training writes at most."""
    weights: int = sum(value.nbytes for value in module.state_dict().values())
    # a checkpoint has the weights, the best ones and two moments of each; while it replaces another
    # both are there; encoders at the end likewise
    return (2 * 4 + 2) * weights


@torch.no_grad()
def embed_pairs(module: LightningModule, pairs: PairBatch, data: PairData, side: int) -> Embedded:
    """Embeddings of pairs as they are, on the CPU."""
    if not isinstance(module, ContrastiveModule):
        raise TypeError(f"expected a ContrastiveModule, got {type(module).__name__}")
    return module.embed(load_batch(data, pairs, side).to(module.device)).cpu()


def _build_module(
    series: SeriesEncoderConfig,
    image: ImageEncoderConfig | None,
    options: PretrainingOptions,
    scale: SeriesScale,
    band_map: BandMap | None,
) -> ContrastiveModule:
    """Encoders and heads with first weights that depend on the seed alone."""
    # torch draws first weights from its global generator only: it is put back afterwards
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        encoders = SeriesEncoder(series), None if image is None else ImageEncoder(image)
        return ContrastiveModule(*encoders, options, scale, band_map)


def _open_unpaired(
    unpaired: UnpairedImages | None, image: ImageEncoderConfig | None, options: PretrainingOptions
) -> UnpairedSource | None:
    """The images of the term ``image``, where the objective has one."""
    if not options.objective.image or image is None:
        return None
    if unpaired is None:
        raise ValueError(
            "objective.image needs unpaired images, and there are none: name the folder of decoded "
            "images, --params=unpaired_images=<land_cover.images of another workspace>"
        )
    return UnpairedSource(unpaired, image, options.image_view.images, options.batch.seed)


def _batches(
    train: PairData,
    sampler: PairSampler,
    validation: PairData,
    held_out: HeldOut,
    options: PretrainingOptions,
    source: UnpairedSource | None,
) -> PairModule:
    """Training batches, and the held-out ones."""
    images = None if source is None else source.held_out
    fixed = BatchLoader(validation, held_out.batches, options.batch.crop_side, images)
    batches = PairModule(train, sampler, options.steps_per_epoch, fixed, source)
    describe(batches, held_out, options)
    return batches


def _metrics(history: pd.DataFrame, best_epoch: int, retrieval: pd.DataFrame) -> dict[str, float]:
    """The best epoch in a few numbers."""
    row = history[history["epoch"] == best_epoch].iloc[0]
    best = {str(name): float(value) for name, value in row.items()}
    kept = ("temperature", "series_rank", "image_rank")
    metrics = {
        "best_epoch": float(best_epoch),
        "epochs": float(len(history)),
        **{name: best[name] for name in best if name.startswith("val_") or name in kept},
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
