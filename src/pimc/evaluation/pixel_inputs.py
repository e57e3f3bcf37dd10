"""What arms read of pixels that have images around them: series, crops, or both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from pimc.evaluation.arms import ArmRun
from pimc.evaluation.crop_inputs import CropInputs
from pimc.evaluation.kinds import PRETRAINED
from pimc.evaluation.protocol import Split
from pimc.evaluation.series_inputs import SeriesInputs
from pimc.evaluation.series_training import UNCHANGED, series_training
from pimc.model.heads import TaskNetwork
from pimc.model.pixel_encoders import CropEncoder, PixelEncoder, PixelViews
from pimc.training.loop import Load


@dataclass(frozen=True, eq=False)
class PixelInputs:
    """Inputs of arms on pixels: what series give, what crops give, or one beside the other.

    Attributes:
        series: of the samples.
        crops: around the same samples.
    """

    series: SeriesInputs
    crops: CropInputs

    def frozen(self, run: ArmRun, split: Split) -> np.ndarray:
        """As of series alone; embeddings of crops N x D, or both side by side."""
        source = run.arm.source
        if source.crops is None:
            return self.series.frozen(run, split)
        crops = self.crops.frozen(run, split)
        if source.encoder is None:
            return crops
        return np.concatenate([self.series.frozen(run, split), crops], axis=1)

    def network(self, run: ArmRun, split: Split, outputs: int) -> nn.Module:
        """A network to train; both encoders are views of one pixel, each with heads of its own."""
        source = run.arm.source
        if source.crops is None:
            return self.series.network(run, split, outputs)
        if source.encoder is None:
            if series_training(run.arm.options).augmentation != UNCHANGED:
                raise ValueError(
                    f"arm {run.arm.name} reads no series: level, masking, shift and stretch "
                    "change nothing of what it learns from; take them out"
                )
            crops = self.crops.encoder(run, split)
            return TaskNetwork(crops, [crops.embedding_size], outputs)
        both = PixelEncoder(self.series.encoder(run, split), self.crops.encoder(run, split))
        return TaskNetwork(both, both.branch_sizes, outputs)

    def loader(self, network: nn.Module) -> Load:
        """Gathers what a network reads: series, crops, or both."""
        encoder = getattr(network, "encoder", network)
        if isinstance(encoder, CropEncoder):
            return self.crops.load
        series = self.series.loader(network)
        if not isinstance(encoder, PixelEncoder):
            return series
        return lambda rows: PixelViews(series(rows), self.crops.load(rows))

    def transductive(self, run: ArmRun, split: Split) -> bool | str | None:
        """Whether one of the pretrained encoders has seen ground of the test samples."""
        source = run.arm.source
        seen = [self.series.trained_on(run)] if source.encoder == PRETRAINED else []
        if source.crops == PRETRAINED:
            seen.append(self.crops.trained_on(run))
        answers = [self.series.saw_test(ground, split) for ground in seen]
        if not answers:
            return "none"
        return True if True in answers else None if None in answers else False
