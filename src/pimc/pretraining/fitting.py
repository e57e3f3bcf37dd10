"""Lightning's trainer, quiet, resumable and interruptible."""

from __future__ import annotations

import hashlib
import json
import logging
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.strategies import DDPStrategy

from pimc.data.kept import is_kept
from pimc.pretraining.batches.loader import PairModule, load_batch
from pimc.pretraining.batches.pairs import PairBatch, PairData
from pimc.pretraining.callbacks import (
    BestWeights,
    EpochCheckpoint,
    EpochLines,
    TrainingRecord,
    check_checkpoint,
)
from pimc.pretraining.galleries import Embedded, summary
from pimc.pretraining.kept_encoder import LogMetrics
from pimc.pretraining.module import ContrastiveModule
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.preparation import Prepared

logger = logging.getLogger(__name__)

CHECKPOINT = "last.ckpt"

ELSEWHERE = ("devices", "nodes")
"""Options that change results by no more than rounding: a training that one process began is
resumed by several, and the other way round."""


def find_checkpoint(folder: Path) -> Path | None:
    """The checkpoint of an unfinished training; a damaged one is set aside."""
    checkpoint = folder / CHECKPOINT
    if not is_kept(checkpoint, check_checkpoint):
        return None
    logger.info("resuming the unfinished training of %s", checkpoint)
    return checkpoint


def train_here(
    prepared: Prepared, folder: Path, resume: Path | None, log_metrics: LogMetrics
) -> tuple[TrainingRecord, BestWeights]:
    """Train in this process, or its share where there are several: all of them call it.

    Args:
        prepared: the training.
        folder: of the checkpoint, which is written after each epoch.
        resume: checkpoint of an unfinished training.
        log_metrics: takes metrics by name and the step; the first process alone calls it.

    Returns:
        What was recorded, and the weights of the best epoch; the first process's is whole.

    Raises:
        KeyboardInterrupt: when the user stops the training; the checkpoint stays.
    """
    module, first = prepared.module, prepared.batches.share.process == 0
    options, across = module.options, prepared.held_out.across
    data, side = prepared.batches.validation.data, options.batch.crop_side
    if first:
        record = TrainingRecord(
            log_metrics, lambda model: summary(embed_pairs(model, across, data, side))
        )
    else:
        record = TrainingRecord(lambda metrics, step: None, lambda model: {})
    best = BestWeights()
    lines = [EpochLines(record)] if first and not shows_bar(options) else []
    _fit(module, prepared.batches, [record, best, *lines], folder / CHECKPOINT, resume)
    return record, best


@torch.no_grad()
def embed_pairs(module: LightningModule, pairs: PairBatch, data: PairData, side: int) -> Embedded:
    """Embeddings of pairs as they are, on the CPU."""
    if not isinstance(module, ContrastiveModule):
        raise TypeError(f"expected a ContrastiveModule, got {type(module).__name__}")
    return module.embed(load_batch(data, pairs, side).to(module.device)).cpu()


def _fit(
    module: ContrastiveModule,
    batches: PairModule,
    callbacks: list[Callback],
    checkpoint: Path,
    resume: Path | None,
) -> None:
    """Train until the last epoch or until the validation loss has stopped falling."""
    options, first = module.options, batches.share.process == 0
    patience = EarlyStopping("val_loss", patience=options.patience, check_on_train_epoch_end=False)
    with _quiet(), _interruptible():
        trainer = Trainer(
            accelerator=options.accelerator,
            **_spread(options),
            precision=options.precision,  # type: ignore[arg-type]
            max_epochs=options.max_epochs,
            gradient_clip_val=options.optimiser.gradient_clip,
            callbacks=[*callbacks, patience, EpochCheckpoint(checkpoint)],
            reload_dataloaders_every_n_epochs=1,
            enable_progress_bar=first and shows_bar(options),
            # the callbacks above write what Lightning's own would write elsewhere
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            default_root_dir=checkpoint.parent,
        )
        trainer.fit(module, datamodule=batches, ckpt_path=resume, weights_only=True)


def _spread(options: PretrainingOptions) -> dict[str, Any]:
    """How Lightning is told of several processes, which others than it have started."""
    if options.processes == 1:
        return {"devices": 1}
    return {
        "devices": options.devices,
        "num_nodes": options.nodes,
        # named, or Lightning would ask SLURM; nothing is normalised by batch, so that no buffer
        # changes and none need be sent at each step
        "strategy": DDPStrategy(
            cluster_environment=LightningEnvironment(), forward_sync_buffers=False
        ),
    }


def shows_bar(options: PretrainingOptions) -> bool:
    """Whether a bar tells how far a training is: a log file has no use for one."""
    return options.progress_bar and sys.stdout.isatty()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C through: Lightning ignores further ones and exits instead."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as stop:
        if not isinstance(stop.__context__, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Lightning's hints; its warnings on the training itself and its errors stay."""
    # the last one speaks where something imported Lightning by its older name
    names = ("lightning.pytorch", "lightning.fabric", "pytorch_lightning")
    loggers = [logging.getLogger(name) for name in names]
    levels = [each.level for each in loggers]
    try:
        for each in loggers:
            each.setLevel(logging.WARNING)
        with warnings.catch_warnings():
            # on its own call of a torch function, which torch has since renamed
            warnings.filterwarnings("ignore", message=".*isinstance\\(treespec, LeafSpec\\)")
            warnings.filterwarnings("ignore", message="GPU available but not used")
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def run_key(options: PretrainingOptions, facts: list[object], *data: PairData) -> str:
    """Name of a run: 16 hexadecimal digits that change with its options, its facts or its data."""
    given = {name: value for name, value in asdict(options).items() if name not in ELSEWHERE}
    stated = json.dumps([given, facts], sort_keys=True)
    parts = [stated, *(each.digest() for each in data)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
