"""What arms read of the images around a pixel: an image encoder's embedding of its crops."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from pimc.evaluation.crop_task import ImageEncoders
from pimc.evaluation.embeddings import Embeddings
from pimc.evaluation.kinds import PRETRAINED
from pimc.evaluation.pixel_crops import PixelCrops
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmRun
from pimc.model.encoder_config import Ground, ImageEncoderConfig
from pimc.model.encoders import ImageEncoder
from pimc.model.pixel_encoders import CropEncoder, Crops
from pimc.pretraining.kept_encoder import KeptImageEncoder
from pimc.training.augment import to_reflectance
from pimc.training.loop import find_device, predict_network


@dataclass(eq=False)
class CropInputs:
    """Inputs of arms on crops; embeddings are computed once for each encoder.

    Attributes:
        crops: around the samples.
        encoders: of images.
        device: auto, cpu or cuda.
    """

    crops: PixelCrops
    encoders: ImageEncoders
    device: str = "auto"
    _embedded: Embeddings = field(default_factory=Embeddings)

    def frozen(self, run: ArmRun, split: Split) -> np.ndarray:
        """Mean embedding of each sample over its clear dates, N x D."""
        source: tuple[object, ...] = (run.seed, run.rotation)
        if run.arm.source.crops == PRETRAINED:
            source = (self._find(run).digest,)
        return self._embedded.get(source, lambda: self._compute(run, split))

    def digests(self, run: ArmRun) -> tuple[str, str]:
        """What a run's result hangs on of an image encoder, and of the crops."""
        return self.encoders.read_by(run), self.crops.digest

    def load(self, rows: np.ndarray) -> Crops:
        """Crops of some samples."""
        images, counts = self.crops.gather(rows)
        return Crops(to_reflectance(torch.from_numpy(images)), torch.from_numpy(counts))

    def trained_on(self, run: ArmRun) -> Ground | None:
        """Ground that the pretrained encoder has seen; None where unknown."""
        return self._find(run).load().config.trained_on

    def encoder(self, run: ArmRun, split: Split) -> CropEncoder:
        """A new encoder: a copy of the pretrained one, or one with random weights."""
        if run.arm.source.crops == PRETRAINED:
            pretrained = self._find(run).load()
            encoder = ImageEncoder(pretrained.config)
            encoder.load_state_dict(pretrained.state_dict())
        else:
            bands, statistics = self.crops.bands, self.crops.statistics(split.train)
            config = ImageEncoderConfig(self.encoders.architecture, bands, *statistics)
            encoder = ImageEncoder(config)
        # convolutions on the CPU then take two thirds of the time
        return CropEncoder(encoder.to(memory_format=torch.channels_last))  # type: ignore[call-overload]

    def _compute(self, run: ArmRun, split: Split) -> np.ndarray:
        with torch.random.fork_rng():
            torch.manual_seed(run.seed)
            encoder = self.encoder(run, split)
        rows, device = np.arange(len(self.crops.data)), find_device(self.device)
        return predict_network(encoder, self.load, rows, device).numpy()

    def _find(self, run: ArmRun) -> KeptImageEncoder:
        if self.encoders.find is None:
            raise ValueError(f"arm {run.arm.name}: {self.encoders.lacking}")
        return self.encoders.find(run)
