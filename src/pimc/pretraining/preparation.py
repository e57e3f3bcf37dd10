"""All that a training needs: encoders with first weights, batches, and what is held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from pimc.data.unpaired_images import UnpairedImages
from pimc.model.architecture import find_preset
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pretraining.batches.crops import band_statistics
from pimc.pretraining.batches.loader import BatchLoader, PairModule
from pimc.pretraining.batches.pairs import PairData, PairSampler
from pimc.pretraining.batches.unpaired import BandMap, UnpairedSource
from pimc.pretraining.galleries import HeldOut, hold_out
from pimc.pretraining.ground import (
    check_series,
    describe,
    needed_data,
    seen_ground,
    training_rows,
)
from pimc.pretraining.job import TrainingJob
from pimc.pretraining.module import ContrastiveModule
from pimc.pretraining.objective.likeness import SeriesScale, series_scale
from pimc.pretraining.options import ENCODER_VERSION, PretrainingOptions
from pimc.training.shares import Share


@dataclass(frozen=True, eq=False)
class Prepared:
    """A training before its first step.

    Attributes:
        module: with first weights.
        batches: of training and validation.
        held_out: what is measured.
        facts: that its results hang on, beside options and data.
    """

    module: ContrastiveModule
    batches: PairModule
    held_out: HeldOut
    facts: list[object]


def prepare(job: TrainingJob, share: Share) -> Prepared:
    """Choose pixels and batches, and build the encoders: the same in every process.

    Args:
        job: what is trained on what.
        share: of every batch, which is made here.

    Raises:
        ValueError: if data are too few or do not fit together.
    """
    train, validation, inputs, options = job.train, job.validation, job.inputs, job.options
    for data in (train, validation):
        check_series(data, inputs.recurrence, inputs.calendar)
    read = [needed_data(data, options) for data in (train, validation)]
    # with images at hand, batches are the same whether the objective reads them or not: rivals
    # that learn from series alone meet the same pixels and negatives
    rows = training_rows(train, validation, options)
    sampler = PairSampler(train, options.batch, rows)
    held_out = hold_out(validation, options.batch, options.evaluation, share)
    train, validation = read
    ground = seen_ground(train, validation)
    preset = find_preset(options.preset)
    series = SeriesEncoderConfig(preset.series, inputs.calendar, inputs.recurrence, ground)
    image = _image_config(job, train, rows, ground) if train.has_images else None
    source = _open_unpaired(job.unpaired, image, options, share)
    band_map = None if source is None else source.band_map
    module = _build_module(series, image, options, series_scale(train, rows), band_map)
    images = None if source is None else source.held_out
    side = options.batch.crop_side
    fixed = BatchLoader(validation, held_out.batches, side, images, share)
    batches = PairModule(train, sampler, options.steps_per_epoch, fixed, source, share)
    describe(batches, held_out, options)
    facts: list[object] = [ENCODER_VERSION]
    facts += [config.to_json() for config in (series, image) if config]
    if source and job.unpaired:
        facts.append(job.unpaired.fingerprint)
    return Prepared(module, batches, held_out, facts)


def _image_config(
    job: TrainingJob, train: PairData, rows: np.ndarray, ground: dict[str, tuple[int, ...]]
) -> ImageEncoderConfig:
    """Of an image encoder that reads the bands of the training frames."""
    inputs, options, unpaired = job.inputs, job.options, job.unpaired
    bands = tuple(inputs.bands)
    statistics = band_statistics(train, rows, options.batch.crop_side, bands, options.seed)
    seen = unpaired.names if unpaired and options.objective.image else None
    preset = find_preset(options.preset).image
    return ImageEncoderConfig(preset, bands, *statistics, inputs.substitutions, ground, seen)


def _build_module(
    series: SeriesEncoderConfig,
    image: ImageEncoderConfig | None,
    options: PretrainingOptions,
    scale: SeriesScale,
    band_map: BandMap | None,
) -> ContrastiveModule:
    """Encoders and heads with first weights that depend on the seed alone."""
    # torch draws first weights from its global generator only: it is put back afterwards
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        encoders = SeriesEncoder(series), None if image is None else ImageEncoder(image)
        return ContrastiveModule(*encoders, options, scale, band_map)


def _open_unpaired(
    unpaired: UnpairedImages | None,
    image: ImageEncoderConfig | None,
    options: PretrainingOptions,
    share: Share,
) -> UnpairedSource | None:
    """The images of the term ``image``, where the objective has one."""
    if not options.objective.image or image is None:
        return None
    if unpaired is None:
        raise ValueError(
            "objective.image needs unpaired images, and there are none: name the folder of decoded "
            "images, --params=unpaired_images=<land_cover.images of another workspace>"
        )
    return UnpairedSource(unpaired, image, options.image_view.images, options.batch.seed, share)
