"""Pretraining of the encoders."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from pimc.data.atomic import require_room
from pimc.data.unpaired_images import UnpairedImages
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pretraining.batches.pairs import PairData
from pimc.pretraining.corpus import EncoderInputs
from pimc.pretraining.devices import check_devices
from pimc.pretraining.examples import RetrievalExamples, keep_examples
from pimc.pretraining.fitting import embed_pairs, find_checkpoint, run_key, train_here
from pimc.pretraining.galleries import ACROSS, EVERYWHERE, PATCH, retrieval_table
from pimc.pretraining.ground import loss_of_a_guess
from pimc.pretraining.job import TrainingJob
from pimc.pretraining.kept_encoder import LogMetrics
from pimc.pretraining.module import ContrastiveModule
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.preparation import Prepared, prepare
from pimc.training.precision import settle
from pimc.training.shares import Share

logger = logging.getLogger(__name__)


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
        ValueError: before training, if data are too few or do not fit together, or there are
            fewer GPUs than asked for.
        DiskError: before training, if the checkpoint could not be stored.
        RuntimeError: if another process is making the same training in the same folder, or one of
            several that train together has ended before the others.
    """
    options = replace(options, precision=settle(options.precision, options.accelerator))
    check_devices(options)
    logger.info("networks compute in %s", options.precision)
    job = TrainingJob(train, validation, inputs, options, unpaired)
    prepared = prepare(job, Share(0, options.processes))
    data = prepared.batches.train, prepared.batches.validation.data
    folder = Path(checkpoint_folder) / run_key(options, prepared.facts, *data)
    with _alone(folder):
        return _train(job, prepared, folder, log_metrics or _ignore)


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
    job: TrainingJob, prepared: Prepared, folder: Path, log_metrics: LogMetrics
) -> PretrainingResult:
    """Train, and measure the encoders of the best epoch."""
    module, batches, held_out = prepared.module, prepared.batches, prepared.held_out
    options, held_out_data = module.options, batches.validation.data
    side = options.batch.crop_side
    require_room(folder, _stored_bytes(module))
    folder.mkdir(parents=True, exist_ok=True)
    resume = find_checkpoint(folder)
    if options.processes == 1:
        record, best = train_here(prepared, folder, resume, log_metrics)
    else:
        from pimc.pretraining.launch import train_in_processes

        record, best = train_in_processes(job, folder, resume, log_metrics)
    best.restore(module.cpu())
    module.eval()
    embed_best = partial(embed_pairs, module, data=held_out_data, side=side)
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
