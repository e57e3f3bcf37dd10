"""What happens between the steps of a training: records, best weights, checkpoints."""

from __future__ import annotations

import logging
import pickle
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from pimc.data.atomic import replacing
from pimc.pretraining.kept_encoder import LogMetrics

logger = logging.getLogger(__name__)

RUN = "run"
"""Under which a checkpoint keeps the key of its training; those of before have none."""


class TrainingRecord(Callback):
    """Keeps the history, a row an epoch, and hands every loss to ``log_metrics``."""

    def __init__(
        self, log_metrics: LogMetrics, measure: Callable[[LightningModule], dict[str, float]]
    ):
        self.log_metrics, self.measure = log_metrics, measure
        self.rows: list[dict[str, float]] = []
        self._losses: list[dict[str, float]] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget the losses of the epoch before."""
        self._losses = []

    def on_train_batch_end(  # type: ignore[override]
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Mapping[str, Tensor],
        batch: object,
        batch_idx: int,
    ) -> None:
        """Log a training step."""
        losses = {f"train_{name}": value.item() for name, value in outputs.items()}
        if len(losses) == 2:  # the sum of one term
            losses = {"train_loss": losses["train_loss"]}
        self._losses.append(losses)
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        step = {**losses, "learning_rate": rate, **_temperature(pl_module)}
        self.log_metrics(step, trainer.global_step)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log an epoch."""
        logged = trainer.callback_metrics.items()
        losses = {name: value.item() for name, value in logged if name.startswith("val_")}
        measured = {**losses, **self.measure(pl_module)}
        self.log_metrics(measured, trainer.global_step)
        self.rows.append(
            {
                "step": trainer.global_step,
                "epoch": trainer.current_epoch,
                **{name: sum(values) / len(values) for name, values in self._by_name().items()},
                **_temperature(pl_module),
                **measured,
            }
        )

    def _by_name(self) -> dict[str, list[float]]:
        """Losses of the epoch's steps."""
        return {name: [each[name] for each in self._losses] for name in self._losses[0]}

    def state_dict(self) -> dict[str, Any]:
        """The history, for a checkpoint."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The history of a run that was cut."""
        self.rows = list(state_dict["rows"])


def _temperature(module: LightningModule) -> dict[str, float]:
    """The module's temperature by its name, where its loss has one."""
    temperature: float | None = module.temperature  # type: ignore[assignment]
    return {} if temperature is None else {"temperature": temperature}


class EpochLines(Callback):
    """Says how far a training is, a line an epoch: where there is no terminal for a bar.

    It reads the rows of a ``TrainingRecord``, and must come after it.
    """

    def __init__(self, record: TrainingRecord):
        self.record = record
        self._start, self._done = 0.0, 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look at the clock; a training that is resumed has epochs behind it."""
        self._start, self._done = time.monotonic(), trainer.current_epoch

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say what the epoch has brought."""
        epoch, last = trainer.current_epoch + 1, trainer.max_epochs or 0
        each = (time.monotonic() - self._start) / (epoch - self._done)
        shown = describe_epoch(self.record.rows[-1])
        # fewer where the validation loss stops falling
        logger.info("epoch %d of %d: %s; %.0f s left", epoch, last, shown, each * (last - epoch))


def describe_epoch(row: Mapping[str, float]) -> str:
    """The numbers of an epoch that a line has room for."""
    words = {"train_loss": "loss", "val_loss": "held out", "recall_at_1": "recall@1"}
    return ", ".join(f"{word} {row[name]:.3f}" for name, word in words.items() if name in row)


class BestWeights(Callback):
    """Keeps the weights of the epoch with the lowest validation loss."""

    def __init__(self) -> None:
        self.loss = float("inf")
        self.epoch = -1
        self.weights: dict[str, Tensor] = {}

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Copy the weights if they are the best so far."""
        loss = trainer.callback_metrics["val_loss"].item()
        if loss < self.loss:
            self.loss, self.epoch = loss, trainer.current_epoch
            weights = pl_module.state_dict().items()
            self.weights = {name: value.detach().cpu().clone() for name, value in weights}

    def restore(self, module: LightningModule) -> None:
        """Put the best weights back.

        Raises:
            ValueError: if there are none.
        """
        if not self.weights:
            raise ValueError(
                "the validation loss was never finite: lower the learning rate, or look for "
                "values that are no reflectance"
            )
        module.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """The best so far, for a checkpoint."""
        return {"loss": self.loss, "epoch": self.epoch, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The best of a run that was cut."""
        self.loss, self.epoch = state_dict["loss"], state_dict["epoch"]
        self.weights = state_dict["weights"]


class EpochCheckpoint(Callback):
    """Writes one checkpoint an epoch, whole or not at all; must be the last callback."""

    def __init__(self, path: Path):
        self.path = path

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write under a temporary name, then rename."""
        if trainer.should_stop:
            return  # resumed from here, a run that early stopping has ended would go on
        if not trainer.is_global_zero:
            trainer.save_checkpoint(self.path)  # takes part, and writes nothing
            return
        with replacing(self.path) as temporary:
            trainer.save_checkpoint(temporary)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Say of which training it is: its folder is named so."""
        checkpoint[RUN] = self.path.parent.name


def check_checkpoint(path: Path) -> None:
    """Read a checkpoint, and compare it with the sums that the file keeps of its parts.

    Raises:
        ValueError: if it is not as it was written, or is another training's.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            damaged = parts.testzip()
        if damaged:
            raise ValueError(f"{damaged} was changed")
        run = torch.load(path, mmap=True, weights_only=True).get(RUN, path.parent.name)
    except (zipfile.BadZipFile, pickle.UnpicklingError, RuntimeError, ValueError) as error:
        raise ValueError(f"{path} is no whole checkpoint: {error}") from error
    if run != path.parent.name:
        raise ValueError(f"{path}: expected a checkpoint of this training, got that of {run}")
