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

from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping

from pimc.data.kept import is_kept
from pimc.pretraining.batches.pairs import PairData
from pimc.pretraining.callbacks import EpochCheckpoint, check_checkpoint
from pimc.pretraining.options import PretrainingOptions

logger = logging.getLogger(__name__)

CHECKPOINT = "last.ckpt"


def fit(
    module: LightningModule,
    batches: LightningDataModule,
    callbacks: list[Callback],
    options: PretrainingOptions,
    folder: Path,
) -> None:
    """Train until the last epoch or until the validation loss has stopped falling.

    A checkpoint in ``folder`` is resumed, unless it is damaged; one is written there after each
    epoch.

    Args:
        module: the model; its validation step logs ``val_loss``.
        batches: of training and validation.
        callbacks: that record the training; their state is part of the checkpoint.
        options: of the training.
        folder: of the checkpoint.

    Raises:
        KeyboardInterrupt: when the user stops the training; the checkpoint stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / CHECKPOINT
    resume = checkpoint if is_kept(checkpoint, check_checkpoint) else None
    if resume:
        logger.info("resuming the unfinished training of %s", resume)
    patience = EarlyStopping("val_loss", patience=options.patience, check_on_train_epoch_end=False)
    with _quiet(), _interruptible():
        trainer = Trainer(
            accelerator=options.accelerator,
            devices=1,
            precision=options.precision,  # type: ignore[arg-type]
            max_epochs=options.max_epochs,
            gradient_clip_val=options.optimiser.gradient_clip,
            callbacks=[*callbacks, patience, EpochCheckpoint(checkpoint)],
            reload_dataloaders_every_n_epochs=1,
            enable_progress_bar=shows_bar(options),
            # the callbacks above write what Lightning's own would write elsewhere
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            default_root_dir=folder,
        )
        trainer.fit(module, datamodule=batches, ckpt_path=resume, weights_only=True)


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
    stated = json.dumps([asdict(options), facts], sort_keys=True)
    parts = [stated, *(each.digest() for each in data)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
