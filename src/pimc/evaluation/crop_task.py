"""Which image encoder a run reads, beside that of series. This module knows no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pimc.data.fingerprint import fingerprint
from pimc.evaluation.kinds import PRETRAINED
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.series_task import BY_ROTATION, SeriesTaskOptions, of_rotation
from pimc.evaluation.task_options import TaskOptions
from pimc.model.architecture import Architecture, find_preset
from pimc.model.encoder_config import StoredImageEncoder
from pimc.pretraining.kept_encoder import KeptEncoder, KeptImageEncoder

FindImageEncoder = Callable[[ArmRun], KeptImageEncoder]
"""The pretrained image encoder that a run reads."""


@dataclass(frozen=True, eq=False)
class ImageEncoders:
    """Image encoders that arms on crops read.

    Attributes:
        architecture: of encoders with first weights: that of the pretrained ones.
        crop_side: rows and columns of the crops that they read.
        find: the pretrained encoder of a run; None where there is none.
        lacking: why there is none.
    """

    architecture: Architecture
    crop_side: int
    find: FindImageEncoder | None
    lacking: str = ""

    def read_by(self, run: ArmRun) -> str:
        """What a run's result hangs on of an image encoder."""
        if self.find and run.arm.source.crops == PRETRAINED:
            return self.find(run).digest
        return fingerprint(self.architecture)

    def absent(self, options: TaskOptions, has_images: bool) -> dict[str, str]:
        """Arms that cannot run for want of one, or of images."""
        on_crops = {name: arm.source.crops for name, arm in options.arms.items()}
        if not has_images:
            reason = "there are no images around the pixels"
            return {name: reason for name, source in on_crops.items() if source}
        if self.find:
            return {}
        return {name: self.lacking for name, source in on_crops.items() if source == PRETRAINED}


def choose_image_encoders(
    options: SeriesTaskOptions,
    crop_side: int,
    bands: Sequence[str],
    image_encoder: StoredImageEncoder | None,
    rotation_encoders: Mapping[str, KeptEncoder],
) -> ImageEncoders:
    """The catalog's image encoder for all runs, or that of each rotation.

    Args:
        options: whose encoders are read.
        crop_side: rows and columns of the crops that they were pretrained on.
        bands: of the images around the pixels.
        image_encoder: the catalog's, where there is one.
        rotation_encoders: by name; each holds its image encoder where its objective trained one.
    """
    preset = find_preset(options.preset).image
    if options.encoders == BY_ROTATION:
        seeds = options.protocol.encoder_seeds
        return _of_rotations(crop_side, preset, rotation_encoders, seeds)
    if image_encoder is None:
        return ImageEncoders(preset, crop_side, None, "there is no pretrained image encoder")
    config = image_encoder.config
    if config.bands != tuple(bands):
        lacking = (
            f"the pretrained image encoder reads {', '.join(config.bands)}, and the images hold "
            f"{', '.join(bands)}"
        )
        return ImageEncoders(config.architecture, crop_side, None, lacking)
    return ImageEncoders(config.architecture, crop_side, _always(image_encoder))


def _of_rotations(
    crop_side: int,
    preset: Architecture,
    rotation_encoders: Mapping[str, KeptEncoder],
    seeds: int,
) -> ImageEncoders:
    images = {name: kept.image for name, kept in rotation_encoders.items() if kept.image}
    if len(images) < len(rotation_encoders):
        workspace = next(iter(rotation_encoders.values())).workspace
        lacking = (
            "the encoders of the rotations have no image encoder: their objective reads no "
            "images, or they were kept before image encoders were (remove "
            f"data/06_models/{workspace}/encoders to train them anew)"
        )
        return ImageEncoders(preset, crop_side, None, lacking)
    architecture = next(iter(images.values())).load().config.architecture
    return ImageEncoders(architecture, crop_side, partial(of_rotation, images, seeds))


def _always(encoder: StoredImageEncoder) -> FindImageEncoder:
    """One encoder for all runs."""
    from pimc.model.encoders import ImageEncoder
    from pimc.model.storage import encoder_digest

    if not isinstance(encoder, ImageEncoder):
        raise TypeError(f"expected an encoder of images, got {type(encoder).__name__}")
    kept = KeptImageEncoder(encoder_digest(encoder), lambda: encoder)
    return lambda run: kept
