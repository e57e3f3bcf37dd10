"""What arms read of images: statistics of their bands, or an encoder."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from pimc.evaluation.image_options import image_options
from pimc.evaluation.kinds import IMAGE_INPUTS, Input
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmRun
from pimc.model.adapt import (
    AnyImageEncoder,
    adapt_image_encoder,
    common_bands,
    reset_weights,
)
from pimc.model.heads import TaskNetwork
from pimc.training.loop import Load, find_device, predict_network
from pimc.training.options import AUTO
from pimc.training.precision import computes_mixed

logger = logging.getLogger(__name__)

STATISTICS = "statistics"


CACHED = 16
"""Images that go through an encoder together on a CPU: what a layer gives then stays in its cache.
To embed 64 x 64 pixels takes two thirds of the time that it takes by 64."""


CHUNK = 1_024
"""Images whose statistics are taken at a time."""


@dataclass(eq=False)
class ImageInputs:
    """Inputs of arms on images; features are computed once for each encoder.

    Attributes:
        images: N x C x side x side, 8 or 16 bit; may be a memory map.
        bands: C names, in order.
        encoder: the pretrained one, ours or a backbone. Arms with random weights have its
            configuration.
        device: auto, cpu or cuda.
        precision: auto, 32-true or bf16-mixed (``computes_mixed``).
        training_list: digest of the names of the training images; None where they have none.
    """

    images: np.ndarray
    bands: Sequence[str]
    encoder: AnyImageEncoder
    device: str = "auto"
    precision: str = AUTO
    training_list: str | None = None
    _features: dict[object, np.ndarray] = field(default_factory=dict)
    _statistics: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Choose the bands, and say which the encoder or the images lack."""
        if self.images.shape[1] != len(self.bands):
            raise ValueError(
                f"expected images of {len(self.bands)} bands ({', '.join(self.bands)}), got shape "
                f"{self.images.shape}"
            )
        self.mixed = computes_mixed(self.precision, find_device(self.device))
        self.used = common_bands(self.encoder, self.bands)
        self.missing = tuple(band for band in self.encoder.config.bands if band not in self.used)
        self._columns = [list(self.bands).index(band) for band in self.used]
        if self.missing:
            logger.warning(
                "the images lack %s of the encoder's bands: its first convolution is restricted "
                "to %s, as if the others were at their mean",
                ", ".join(self.missing),
                ", ".join(self.used),
            )
        unused = [band for band in self.bands if band not in self.used]
        if unused:
            logger.info("the encoder does not read %s of the images", ", ".join(unused))

    def frozen(self, run: ArmRun, split: Split) -> np.ndarray:
        """Means and deviations N x 2 C, or an encoder's embeddings N x D."""
        kind = run.arm.input or STATISTICS
        if kind == STATISTICS:
            return self.statistics()
        key = (
            kind,
            None if _source(run).learned else run.seed,
            split.train.tobytes(),
        )
        if key not in self._features:
            rows, device = np.arange(len(self.images)), find_device(self.device)
            reader = self._reader(run, split)
            self._features[key] = predict_network(reader, self.load, rows, device).numpy()
        return self._features[key]

    def network(self, run: ArmRun, split: Split, outputs: int) -> nn.Module:
        """The arm's encoder under a linear head."""
        options, _ = image_options(run.arm.options, run.arm.kind)
        reader = self._reader(run, split, options.stem_stride)
        return TaskNetwork(reader, [self.encoder.embedding_size], outputs)

    def load(self, rows: np.ndarray) -> Tensor:
        """Images of some samples: B x bands in use x side x side float32, in their own units."""
        images = np.asarray(self.images[rows])[:, self._columns]
        return torch.from_numpy(images.astype(np.float32))

    def loader(self, run: ArmRun, network: nn.Module) -> Load:
        """All networks read the same."""
        return self.load

    def transductive(self, run: ArmRun, split: Split) -> bool | str | None:
        """Encoders are pretrained on time series and, at most, images of the training list.

        Those that learned from the training images of other lists may have seen test images of
        these. What a backbone has seen is not known.
        """
        if not _source(run).learned:
            return "none"
        known = self.encoder.config.trained_on is not None and not self.other_lists
        return False if known else None

    @property
    def other_lists(self) -> bool:
        """Whether the encoder learned from images of another list than the training list."""
        return self.encoder.config.unpaired not in (None, self.training_list)

    def statistics(self) -> np.ndarray:
        """Mean and standard deviation of each band of each image: N x 2 C float32."""
        if self._statistics is None:
            parts = [
                np.concatenate([chunk.mean(axis=(2, 3)), chunk.std(axis=(2, 3))], axis=1)
                for start in range(0, len(self.images), CHUNK)
                for chunk in [np.asarray(self.images[start : start + CHUNK], np.float32)]
            ]
            self._statistics = np.concatenate(parts)
        return self._statistics

    def band_statistics(self, rows: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and deviation of each band in use over the pixels of some images, in their units."""
        mean, std = np.split(self.statistics()[rows].astype(np.float64), 2, axis=1)
        mean, std = mean[:, self._columns], std[:, self._columns]
        # variance over all pixels = mean variance within images + variance of their means
        overall = np.sqrt((std**2).mean(axis=0) + mean.var(axis=0))
        return tuple(mean.mean(axis=0).tolist()), tuple(overall.tolist())

    def _reader(self, run: ArmRun, split: Split, stem_stride: int | None = None) -> ImageReader:
        """The encoder as it is, or with first weights, for these images."""
        adapted = adapt_image_encoder(
            self.encoder, self.used, *self.band_statistics(split.train), stem_stride
        )
        encoder = adapted if _source(run).learned else reset_weights(adapted, run.seed)
        return ImageReader(encoder, self.mixed)


def _source(run: ArmRun) -> Input:
    """What an arm reads; one that names nothing reads statistics."""
    return IMAGE_INPUTS[run.arm.input or STATISTICS]


class ImageReader(nn.Module):
    """An image encoder in the precision and the memory layout that are fastest on its device."""

    def __init__(self, encoder: AnyImageEncoder, mixed: bool):
        """Wrap an encoder.

        Args:
            encoder: is changed to lie channels last in memory: convolutions on the CPU then take
                two thirds of the time.
            mixed: whether it computes in bfloat16.
        """
        super().__init__()
        self.images = encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mixed = mixed
        self.by_batch = any(isinstance(module, nn.BatchNorm2d) for module in encoder.modules())
        """Whether images are normalised together in training, as backbones do and ours does not."""

    def forward(self, images: Tensor) -> Tensor:
        """B x C x side x side -> B x embedding_size, float32."""
        images = images.contiguous(memory_format=torch.channels_last)
        # where each image is normalised by itself, parts of a batch give what the batch gives
        whole = images.device.type != "cpu" or (self.training and self.by_batch)
        parts = (images,) if whole else torch.split(images, CACHED)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.mixed):
            out = torch.cat([self.images(part) for part in parts])
        return out.float()
