"""Land cover: options, encoders of ours and of others, and the task on images."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pimc.data.eurosat.images import CLASSES
from pimc.data.eurosat.land_images import LandImages
from pimc.data.eurosat.list_sets import LISTS
from pimc.data.fingerprint import fingerprint
from pimc.data.option_check import build_options
from pimc.evaluation.arms import Arm
from pimc.evaluation.kinds import BACKBONE, IMAGE_INPUTS, RANDOM_BACKBONE, Input
from pimc.evaluation.planning import Task, running_arms, without_encoder
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmResult, ArmRun
from pimc.evaluation.task_facts import TaskFacts
from pimc.evaluation.task_options import TaskOptions
from pimc.model.architecture import find_preset
from pimc.model.backbone.options import BackboneOptions
from pimc.model.encoder_config import StoredImageEncoder
from pimc.training.options import MIXED, SINGLE

if TYPE_CHECKING:
    from pimc.evaluation.image_inputs import ImageInputs
    from pimc.evaluation.land_cover import LandCover
    from pimc.model.adapt import AnyImageEncoder

logger = logging.getLogger(__name__)

LAND_COVER = TaskFacts(
    "land_cover", "Land cover", scores=("accuracy", "macro_f1", "miou"), drawn="test images"
)

RESULT_VERSION = 1
"""Raise it when the code gives other results from the same data and options."""


@dataclass(frozen=True)
class LandCoverOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and what this one is told.

    Attributes:
        preset: size of image encoders where there is no pretrained one; where there is, encoders
            with first weights have its size.
        backbones: encoders of others, by name, the fields of ``BackboneOptions``; arms with input
            ``backbone``, or ``random_backbone`` for first weights, name one as their ``encoder``.
    """

    inputs: ClassVar[Mapping[str, Input]] = IMAGE_INPUTS

    preset: str = "wide"
    backbones: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the names, and that there is one rotation: the lists are no folds."""
        super().__post_init__()
        backbones = {
            name: given
            if isinstance(given, BackboneOptions)
            else build_options(BackboneOptions, given, f"backbones.{name}")
            for name, given in self.backbones.items()
            if given is not None
        }
        object.__setattr__(self, "backbones", backbones)
        for arm in self.arms.values():
            self._check_backbone(arm)
        find_preset(self.preset)
        if self.protocol.rotations != 1:
            raise ValueError(
                f"land cover has one training, validation and test list and cannot rotate them; "
                f"got {self.protocol.rotations} rotations in the effort {self.effort}"
            )

    def _check_backbone(self, arm: Arm) -> None:
        """Refuse an arm that names no backbone where it needs one, or names one elsewhere."""
        if arm.input not in (BACKBONE, RANDOM_BACKBONE):
            if arm.encoder is not None:
                raise ValueError(
                    f"arm {arm.name}: its encoder {arm.encoder!r} is read with input {BACKBONE} or "
                    f"{RANDOM_BACKBONE}, got input {arm.input!r}"
                )
            return
        if arm.encoder not in self.backbones:
            raise ValueError(
                f"arm {arm.name}: its encoder must be one of land_cover.backbones "
                f"({', '.join(self.backbones) or 'there are none'}), got {arm.encoder!r}"
            )
        if arm.options.get("stem_stride") is not None:
            raise ValueError(
                f"arm {arm.name}: a backbone has its own first convolution; stem_stride must be "
                f"null, got {arm.options['stem_stride']}"
            )


def land_cover_task(
    images: LandImages, image_encoder: StoredImageEncoder | None, options: LandCoverOptions
) -> Task:
    """The classes of images, told from their bands or by an encoder."""
    from pimc.evaluation.classify import KINDS
    from pimc.model.adapt import blank_image_encoder
    from pimc.model.encoders import ImageEncoder
    from pimc.training.loop import find_device
    from pimc.training.precision import computes_mixed

    absent = {}
    if image_encoder is None:
        absent = without_encoder(options, "there is no pretrained image encoder")
        image_encoder = blank_image_encoder(find_preset(options.preset).image, images.bands)
    if not isinstance(image_encoder, ImageEncoder):
        raise TypeError(f"expected an encoder of images, got {type(image_encoder).__name__}")
    encoders = {None: image_encoder, **_load_backbones(options, images.images.shape[-1])}
    tasks = {name: _task_on(encoder, images, options) for name, encoder in encoders.items()}
    split = Split(**{name: np.flatnonzero(images.splits == name) for name in LISTS})
    facts = (RESULT_VERSION, images.fingerprint, options.protocol.max_train, options.seed)
    mixed = computes_mixed(options.precision, find_device(options.device))
    settled = MIXED if mixed else SINGLE  # what ``auto`` is on this machine
    return Task(
        LAND_COVER.name,
        KINDS,
        options.inputs,
        partial(_run, tasks),
        [split],
        (facts, settled),
        partial(_read_of_encoder, {name: _describe(each) for name, each in encoders.items()}),
        absent,
    )


def _load_backbones(options: LandCoverOptions, side: int) -> dict[str | None, AnyImageEncoder]:
    """Those that an arm of the effort names."""
    from pimc.model.backbone.network import load_backbone

    named = sorted({arm.encoder for arm in running_arms(options) if arm.encoder is not None})
    return {name: load_backbone(options.backbones[name], side) for name in named}


def _run(tasks: Mapping[str | None, LandCover], run: ArmRun, split: Split) -> ArmResult:
    """On the encoder that the arm names, or on ours."""
    return tasks[run.arm.encoder].run(run, split)


def _describe(encoder: AnyImageEncoder) -> tuple[str, str]:
    """What an arm has of an encoder: its weights, or its bands and its size."""
    from pimc.model.adapt import untrained_facts
    from pimc.model.storage import encoder_digest

    return encoder_digest(encoder), fingerprint(*untrained_facts(encoder))


def _read_of_encoder(described: Mapping[str | None, tuple[str, str]], run: ArmRun) -> str | None:
    source = IMAGE_INPUTS.get(run.arm.input or "")
    if source is None or source.encoder is None:
        return None
    learned, untrained = described[run.arm.encoder]
    return learned if source.learned else untrained


def _task_on(encoder: AnyImageEncoder, images: LandImages, options: LandCoverOptions) -> LandCover:
    """The task for arms that read this encoder, or none."""
    from pimc.evaluation.land_cover import LandCover

    return LandCover(
        _inputs(encoder, images, options),
        images.labels,
        len(CLASSES),
        options.protocol.max_train,
        options.device,
        options.seed,
    )


def _inputs(encoder: AnyImageEncoder, images: LandImages, options: LandCoverOptions) -> ImageInputs:
    """What arms read; it says whether the encoder may have seen test images."""
    from pimc.evaluation.image_inputs import ImageInputs

    given = ImageInputs(
        images.images,
        images.bands,
        encoder,
        options.device,
        options.precision,
        images.training_list,
    )
    if given.other_lists:
        logger.warning(
            "the image encoder learned from training images of other lists, among them maybe test "
            "images of these: tables say that what it saw is unknown. Pretrain it on the lists "
            "that it is tested with (docs/results/land_cover.md)"
        )
    return given
