"""Options of pretraining. This module knows no torch: Kedro builds these from parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pimc.model.architecture import find_preset
from pimc.pretraining.objective_options import ObjectiveOptions
from pimc.training.augment_options import CropAugmentation, SeriesAugmentation
from pimc.training.optimiser import OptimiserOptions
from pimc.training.options import AUTO, PRECISIONS

ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps")
TRAINING_PRECISIONS = (*PRECISIONS, "16-mixed")
COUNTS = ("projection_size", "max_epochs", "steps_per_epoch", "patience", "devices", "nodes")


@dataclass(frozen=True)
class BatchOptions:
    """How pairs are brought together in a batch.

    Attributes:
        size: pairs in a batch.
        patches: patches that share a batch; patches differ in date and haze, so a batch of
            pixels of different patches alone is solved by recognising the patch.
        crop_side: rows and columns of the image crop, odd: the pixel is its centre.
        crops: dates whose crops of one pixel are joined, spread over those at which it is clear.
        seed: of the composition of batches.
    """

    size: int = 256
    patches: int = 16
    crop_side: int = 11
    crops: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the counts."""
        if self.size < 2:
            raise ValueError(f"a batch needs 2 pairs or more, got size {self.size}")
        if not 1 <= self.patches <= self.size:
            raise ValueError(f"patches of a batch must be 1..{self.size}, got {self.patches}")
        if self.crop_side < 9 or self.crop_side % 2 == 0:
            raise ValueError(
                f"crop_side must be odd, so that a crop has a centre, and at least 9, "
                f"got {self.crop_side}"
            )
        if self.crops < 1:
            raise ValueError(f"crops of a pixel must be at least 1, got {self.crops}")


@dataclass(frozen=True)
class ImageViewOptions(CropAugmentation):
    """Two views of each unpaired image: parts of it, changed more strongly than crops are.

    Attributes:
        images: of a batch.
        smallest: rows and columns of the smallest part, pixels.
        largest: of the largest; where an image is smaller, its own.
        side: rows and columns to which all parts are brought.
    """

    gain: float = 0.2
    band_gain: float = 0.1
    band_dropout: float = 0.1
    images: int = 64
    smallest: int = 16
    largest: int = 64
    side: int = 32

    def __post_init__(self) -> None:
        """Check sizes and strengths."""
        super().__post_init__()
        sides = 8 <= self.smallest <= self.largest and self.side >= 8
        if self.images < 2 or not sides:
            raise ValueError(
                f"views need 2 images or more, 8 <= smallest <= largest and a side of 8 or more, "
                f"got {self}"
            )


@dataclass(frozen=True)
class ViewAugmentation(SeriesAugmentation):
    """Changes that make two views of one series: stronger than those of a pair's series.

    Half of the observed dates, the rest filled linearly, is a resampling in time. Views by
    resampling beat jitter and masking to zero on satellite series (arXiv 2506.18587). Without a
    change of level a pixel is recognised by its exact level, and its season need not be learned.
    """

    level: float = 0.2
    masking: float = 0.5
    shift: float = 1.0
    stretch: float = 0.05


@dataclass(frozen=True)
class EvaluationOptions:
    """What is measured on held-out pairs; the same pairs and dates at every epoch.

    Attributes:
        batches: fixed batches of the validation loss.
        gallery: pairs of a retrieval gallery, where the ground has so many.
        patches: held-out patches of which each gives a gallery within itself, at most.
        seed: of the choice.
    """

    batches: int = 4
    gallery: int = 256
    patches: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the counts."""
        if self.batches < 1 or self.gallery < 2 or self.patches < 1:
            raise ValueError(
                f"evaluation needs a batch, a gallery of 2 pairs and a patch at least, got {self}"
            )


GROUPS: Mapping[str, Callable[..., object]] = {
    "batch": BatchOptions,
    "crop": CropAugmentation,
    "series": SeriesAugmentation,
    "view": ViewAugmentation,
    "image_view": ImageViewOptions,
    "objective": ObjectiveOptions,
    "optimiser": OptimiserOptions,
    "evaluation": EvaluationOptions,
}
"""Options of ``PretrainingOptions`` that are groups: parameters give them as mappings."""


@dataclass(frozen=True)
class PretrainingOptions:
    """All options of contrastive pretraining.

    Attributes:
        preset: name of the encoders' sizes (``pimc.model.architecture.PRESETS``).
        projection_size: length of the vectors that the loss compares.
        temperature: at the start; it is learned.
        max_epochs: epochs at most; the learning rate reaches 0 at the last.
        steps_per_epoch: batches of an epoch.
        patience: epochs without a lower validation loss after which training stops.
        batch: how batches are composed.
        crop: augmentation of crops.
        series: augmentation of series.
        view: augmentation that makes two views of one series.
        image_view: how two views of an unpaired image are made.
        objective: the loss: weights of its terms.
        optimiser: of the weights.
        evaluation: on held-out ground.
        accelerator: as Lightning names them: auto, cpu, gpu.
        precision: as Lightning names them: 32-true, bf16-mixed or 16-mixed; or auto:
            bf16-mixed where the device has instructions for it, else 32-true.
        devices: GPUs of each machine, or processes on its CPU: each makes its share of every
            batch. Results are the same but for rounding, so that stored ones hold for any number.
        nodes: machines.
        seed: of the first weights and the augmentations.
        progress_bar: whether one is shown in a terminal; elsewhere each epoch is a line.
    """

    preset: str = "fused"
    projection_size: int = 128
    temperature: float = 0.2
    max_epochs: int = 8
    steps_per_epoch: int = 30
    patience: int = 6
    batch: BatchOptions = field(default_factory=BatchOptions)
    crop: CropAugmentation = field(default_factory=CropAugmentation)
    series: SeriesAugmentation = field(default_factory=SeriesAugmentation)
    view: ViewAugmentation = field(default_factory=ViewAugmentation)
    image_view: ImageViewOptions = field(default_factory=ImageViewOptions)
    objective: ObjectiveOptions = field(default_factory=ObjectiveOptions)
    optimiser: OptimiserOptions = field(default_factory=OptimiserOptions)
    evaluation: EvaluationOptions = field(default_factory=EvaluationOptions)
    accelerator: str = "auto"
    precision: str = AUTO
    # not part of the text on which the keys of stored encoders hang (``pimc.data.fingerprint``)
    devices: int = field(default=1, repr=False)
    nodes: int = field(default=1, repr=False)
    seed: int = 0
    progress_bar: bool = True

    def __post_init__(self) -> None:
        """Build groups that come as mappings; check the counts and the preset's name."""
        for name, group in GROUPS.items():
            if isinstance(getattr(self, name), Mapping):
                object.__setattr__(self, name, group(**getattr(self, name)))
        find_preset(self.preset)
        for name, known in {"accelerator": ACCELERATORS, "precision": TRAINING_PRECISIONS}.items():
            if (value := getattr(self, name)) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0, got {self.temperature}")
        for name in COUNTS:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        self._check_shares()

    @property
    def processes(self) -> int:
        """That train together."""
        return self.devices * self.nodes

    def _check_shares(self) -> None:
        """Refuse batches of which processes would have parts of different lengths."""
        sizes = {"batch.size": self.batch.size}
        if self.objective.image:
            sizes["image_view.images"] = self.image_view.images
        for name, size in sizes.items():
            if size % self.processes:
                raise ValueError(
                    f"{name} is that of all processes and must be a multiple of devices x nodes, "
                    f"got {size} for {self.devices} x {self.nodes} = {self.processes}: change "
                    f"{name} or devices"
                )


ENCODER_VERSION = 2
"""Raise it when the code gives other encoders from the same data and options."""
