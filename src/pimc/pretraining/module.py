"""What Lightning trains: the encoders under the terms of the objective."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor

from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.model.losses.gather import gather_rows
from pimc.model.losses.pair_loss import PairLoss
from pimc.pretraining.batches.loader import Batch
from pimc.pretraining.batches.unpaired import BandMap
from pimc.pretraining.galleries import VIEW, Embedded
from pimc.pretraining.objective.likeness import SeriesScale, find_alike
from pimc.pretraining.objective.terms import (
    Encoders,
    PairTerm,
    SeriesTerm,
    Step,
    build_terms,
    side_by_side,
    two_views,
)
from pimc.pretraining.options import PretrainingOptions
from pimc.training.optimiser import decay_groups, learning_rate_factor
from pimc.training.options import SINGLE
from pimc.training.shares import WHOLE, Share, ShareGenerator, this_share


class ContrastiveModule(LightningModule):
    """Encoders that learn by a weighted sum of terms.

    With the one term ``pair``, two encoders learn to give the two sides of a pair similar
    projections.
    """

    def __init__(
        self,
        series_encoder: SeriesEncoder,
        image_encoder: ImageEncoder | None,
        options: PretrainingOptions,
        scale: SeriesScale,
        bands: BandMap | None = None,
    ):
        """Put heads and decoders beside the encoders.

        Args:
            series_encoder: is trained.
            image_encoder: likewise; None where the objective has no term with images.
            options: of the training.
            scale: of the training series.
            bands: reads unpaired images; None where the objective has no term of them.
        """
        super().__init__()
        self.options, self.scale = options, scale
        self.series_encoder = series_encoder
        self.image_encoder = image_encoder
        self.terms = build_terms(self.encoders, options, scale, bands)

    @property
    def encoders(self) -> Encoders:
        """Those that are trained."""
        return Encoders(self.series_encoder, self.image_encoder)

    @property
    def temperature(self) -> float | None:
        """That of the first loss that has one."""
        found = (loss.temperature for loss in self._pair_losses())
        return next((each for each in found if each is not None), None)

    def embed(self, batch: Batch) -> Embedded:
        """Pairs as they are; where the objective has none, two views of each series."""
        terms = dict(self.terms.items())
        if isinstance(pair := terms.get("pair"), PairTerm):
            return pair.embed(self.encoders, batch)
        view, generator = self.options.view, self._generator(0)
        first, second = two_views(self.encoders, batch, view, generator, self.scale)
        series, sides = terms.get("series"), (first, second)
        if isinstance(series, SeriesTerm):
            ours, theirs = series.project(self.encoders, first, second)
            sides = side_by_side(ours), side_by_side(theirs)
        return Embedded(first, second, *sides, VIEW)

    def training_step(self, batch: Batch, batch_index: int) -> dict[str, Tensor]:
        """Losses of an augmented batch: their weighted sum ``loss``, and each by its name."""
        # numbers hang on the seed and the step alone: a resumed run draws alike
        generator = self._generator(self.global_step, this_share())
        losses = self._losses(batch, generator, training=True)
        return {"loss": self._total(losses), **losses}

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Losses of a fixed batch: pairs as they are, views and masks the same at each epoch."""
        generator = self._generator(batch_index, this_share())
        losses = self._losses(batch, generator, training=False)
        # every process has the whole loss; their mean keeps devices that round differently as one
        log = partial(self.log, batch_size=len(batch.series), sync_dist=True)
        log("val_loss", self._total(losses), prog_bar=True)
        if len(losses) > 1:
            for name, value in losses.items():
                log(f"val_{name}", value)

    def on_train_batch_end(self, outputs: object, batch: Batch, batch_index: int) -> None:
        """Keep the temperatures in their range."""
        for loss in self._pair_losses():
            loss.clamp_temperature()

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW, a linear warm-up and a cosine decay."""
        options = self.options.optimiser
        groups = decay_groups(self.parameters(), options.weight_decay)
        # a fourth of the time on the CPU; Lightning cannot clip for it in mixed precision
        fused = self.options.precision == SINGLE
        optimiser = torch.optim.AdamW(groups, lr=options.learning_rate, fused=fused)
        steps = self.options.max_epochs * self.options.steps_per_epoch
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, learning_rate_factor(options, steps)
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _losses(
        self, batch: Batch, generator: torch.Generator, training: bool
    ) -> dict[str, Tensor]:
        step = Step(batch, self._alike(batch), generator, training)
        return {name: term(self.encoders, step) for name, term in self.terms.items()}

    def _pair_losses(self) -> list[PairLoss]:
        return [part for part in self.modules() if isinstance(part, PairLoss)]

    def _total(self, losses: dict[str, Tensor]) -> Tensor:
        weights = self.options.objective.terms
        return torch.stack([weights[name] * value for name, value in losses.items()]).sum()

    def _alike(self, batch: Batch) -> Tensor | None:
        """What shows the same in the batch of all processes; None where that does not count."""
        objective = self.options.objective
        if objective.negatives == "all":
            return None
        side = 1 if batch.crops is None else self.options.batch.crop_side
        parts = gather_rows(batch.ground), gather_rows(batch.series)
        return find_alike(*parts, self.scale, side, objective.near)

    def _generator(self, number: int, share: Share = WHOLE) -> torch.Generator:
        state = np.random.SeedSequence([self.options.seed, number]).generate_state(1)
        return ShareGenerator(self.device, share).manual_seed(int(state[0]))
