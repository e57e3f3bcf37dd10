"""Batches as tensors, and the loaders that Lightning draws them from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor

from pimc.pretraining.batches.crops import gather_batch
from pimc.pretraining.batches.pairs import PairBatch, PairData, PairSampler
from pimc.pretraining.batches.unpaired import UnpairedSource
from pimc.training.shares import WHOLE, Share


class Batch(NamedTuple):
    """Pixels of a step.

    Attributes:
        series: B x I x L float32.
        observed: B x L bool.
        ground: B x 3 int32, parcel, y and x (``PairData.ground``).
        crops: B x K x C x side x side int16; None where there are no images.
        images: B' x C' x H x W, unpaired, as they are; None where the objective has no term of
            them.
    """

    series: Tensor
    observed: Tensor
    ground: Tensor
    crops: Tensor | None
    images: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(
            self.series.to(device),
            self.observed.to(device),
            self.ground.to(device),
            None if self.crops is None else self.crops.to(device),
            None if self.images is None else self.images.to(device),
        )


def load_batch(data: PairData, batch: PairBatch, side: int) -> Batch:
    """The pixels of a batch on the CPU."""
    series, observed, crops = gather_batch(data, batch, side)
    return Batch(
        series=torch.from_numpy(series),
        observed=torch.from_numpy(observed),
        ground=torch.from_numpy(data.ground[batch.rows]),
        crops=None if crops is None else torch.from_numpy(crops),
    )


class BatchLoader:
    """Gathers batch after batch in the training process.

    One indexed read a batch takes a few milliseconds; worker processes that hand over single
    samples cost more on few cores.
    """

    def __init__(
        self,
        data: PairData,
        batches: Sequence[PairBatch],
        side: int,
        images: Callable[[int], Tensor] | None = None,
        share: Share = WHOLE,
    ):
        """Say what is gathered.

        Args:
            data: pixels and frames.
            batches: which of them lie together.
            side: of the crops.
            images: number of a batch -> its unpaired images, those of the share.
            share: of each batch, which is gathered; batches too small to be shared are left out.
        """
        self.data, self.side, self.images, self.share = data, side, images, share
        self.batches = [batch for batch in batches if share.whole(len(batch))]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        for number, batch in enumerate(self.batches):
            own = batch.part(self.share.of(len(batch)))
            loaded = load_batch(self.data, own, self.side)
            yield loaded if self.images is None else loaded._replace(images=self.images(number))


class PairModule(LightningDataModule):
    """Training batches that are composed anew for every epoch, and fixed validation batches."""

    def __init__(
        self,
        train: PairData,
        sampler: PairSampler,
        steps: int,
        validation: BatchLoader,
        unpaired: UnpairedSource | None = None,
        share: Share = WHOLE,
    ):
        super().__init__()
        self.train, self.sampler, self.steps, self.validation = train, sampler, steps, validation
        self.unpaired, self.share = unpaired, share

    def train_dataloader(self) -> BatchLoader:
        """The batches of the present epoch; Lightning asks at the start of each."""
        epoch = self.trainer.current_epoch if self.trainer else 0
        batches = self.sampler.epoch(epoch, self.steps)
        images = None if self.unpaired is None else partial(self.unpaired.training, epoch)
        side = self.sampler.options.crop_side
        return BatchLoader(self.train, batches, side, images, self.share)

    def val_dataloader(self) -> BatchLoader:
        """The fixed batches."""
        return self.validation
