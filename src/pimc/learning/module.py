"""What Lightning trains: the two encoders, their projection heads, the loss and the batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from lightning.pytorch import LightningDataModule, LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor

from pimc.learning.augment import augment_crops, augment_series, to_reflectance
from pimc.learning.crops import gather_batch
from pimc.learning.evaluation import Embedded
from pimc.learning.options import PretrainingOptions
from pimc.learning.pairs import PairBatch, PairData, PairSampler
from pimc.learning.schedule import learning_rate_factor
from pimc.model.contrastive import ContrastiveLoss, ProjectionHead
from pimc.model.encoders import ImageEncoder, SeriesEncoder

Batch = tuple[Tensor, Tensor, Tensor]
"""Series B x I x L float32, observed B x L bool, crops B x C x side x side int16."""


class ContrastiveModule(LightningModule):
    """Two encoders that learn to give the two sides of a pair similar projections."""

    def __init__(
        self,
        series_encoder: SeriesEncoder,
        image_encoder: ImageEncoder,
        options: PretrainingOptions,
    ):
        super().__init__()
        self.options = options
        self.series_encoder = series_encoder
        self.image_encoder = image_encoder
        size = options.projection_size
        self.series_head = ProjectionHead(series_encoder.embedding_size, size)
        self.image_head = ProjectionHead(image_encoder.embedding_size, size)
        self.loss = ContrastiveLoss(options.temperature)

    def embed(self, series: Tensor, reflectance: Tensor) -> Embedded:
        """Embeddings and projections of pairs."""
        embedded, images = self.series_encoder(series), self.image_encoder(reflectance)
        return Embedded(embedded, images, self.series_head(embedded), self.image_head(images))

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        """Loss of an augmented batch."""
        series, observed, crops = batch
        generator = self._generator()
        series = augment_series(series, observed, self.options.series, generator)
        reflectance = augment_crops(to_reflectance(crops), self.options.crop, generator)
        return self._loss(series, reflectance)

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Loss of a fixed batch, as it is."""
        series, _, crops = batch
        value = self._loss(series, to_reflectance(crops))
        self.log("val_loss", value, prog_bar=True, batch_size=len(series))

    def on_train_batch_end(self, outputs: object, batch: Batch, batch_index: int) -> None:
        """Keep the temperature in its range."""
        self.loss.clamp_temperature()

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW, a linear warm-up and a cosine decay."""
        options = self.options.optimiser
        # matrices and convolutions decay; norms, biases and the temperature are vectors
        decays = [p for p in self.parameters() if p.ndim > 1]
        others = [p for p in self.parameters() if p.ndim <= 1]
        groups = [
            {"params": decays, "weight_decay": options.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        # a fourth of the time on the CPU; Lightning cannot clip for it in mixed precision
        fused = self.options.precision == "32-true"
        optimiser = torch.optim.AdamW(groups, lr=options.learning_rate, fused=fused)
        steps = self.options.max_epochs * self.options.steps_per_epoch
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, learning_rate_factor(options, steps)
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _loss(self, series: Tensor, reflectance: Tensor) -> Tensor:
        embedded = self.embed(series, reflectance)
        value: Tensor = self.loss(embedded.series_projection, embedded.image_projection)
        return value

    def _generator(self) -> torch.Generator:
        """Random numbers that depend on the seed and the step alone: a resumed run draws alike."""
        state = np.random.SeedSequence([self.options.seed, self.global_step]).generate_state(1)
        return torch.Generator(self.device).manual_seed(int(state[0]))


class BatchLoader:
    """Gathers batch after batch in the training process.

    One indexed read a batch takes a few milliseconds; worker processes that hand over single
    samples cost more on few cores.
    """

    def __init__(self, data: PairData, batches: Sequence[PairBatch], side: int):
        self.data, self.batches, self.side = data, batches, side

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        return (load_batch(self.data, batch, self.side) for batch in self.batches)


def load_batch(data: PairData, batch: PairBatch, side: int) -> Batch:
    """The pairs of a batch as tensors on the CPU."""
    series, observed, crops = gather_batch(data, batch, side)
    return torch.from_numpy(series), torch.from_numpy(observed), torch.from_numpy(crops)


class PairModule(LightningDataModule):
    """Training batches that are composed anew for every epoch, and fixed validation batches."""

    def __init__(
        self,
        train: PairData,
        sampler: PairSampler,
        steps: int,
        validation: BatchLoader,
    ):
        super().__init__()
        self.train, self.sampler, self.steps, self.validation = train, sampler, steps, validation

    def train_dataloader(self) -> BatchLoader:
        """The batches of the present epoch; Lightning asks at the start of each."""
        epoch = self.trainer.current_epoch if self.trainer else 0
        batches = self.sampler.epoch(epoch, self.steps)
        return BatchLoader(self.train, batches, self.sampler.options.crop_side)

    def val_dataloader(self) -> BatchLoader:
        """The fixed batches."""
        return self.validation
