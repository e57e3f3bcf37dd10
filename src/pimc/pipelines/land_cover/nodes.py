"""Nodes of land cover."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pimc.catalog.land_images import LandImages
from pimc.data.eurosat.images import CLASSES, SPLITS, EuroSat
from pimc.data.fingerprint import fingerprint
from pimc.evaluation.arms import BACKBONE, RANDOM_BACKBONE, ArmTask, StoredResult
from pimc.evaluation.planning import drop_absent, plan_runs
from pimc.evaluation.protocol import Split
from pimc.model.architecture import find_preset
from pimc.pipelines.land_cover.options import LandCoverOptions
from pimc.report.classification import ClassifiedSamples
from pimc.report.classification_report import draw_classification, report_classification

if TYPE_CHECKING:
    from pimc.evaluation.land_cover import LandCover
    from pimc.model.adapt import AnyImageEncoder

TASK = "land_cover"

RESULT_VERSION = 1
"""Raise it when the code gives other results from the same data and options."""


def read_images(files: EuroSat) -> EuroSat:
    """Hand the images over, not read: the dataset decodes those that are not on disk yet."""
    return files


def plan_arms(
    images: LandImages,
    image_encoder: Any,  # noqa: ANN401  Kedro resolves types, and this one's module is torch's
    options: LandCoverOptions,
) -> dict[str, ArmTask]:
    """One task a run of an arm; the dataset makes those that are not on disk yet.

    Args:
        images: of the three lists.
        image_encoder: an ``ImageEncoder``, or None where there is no pretrained one.
        options: arms and how much of them is run.
    """
    from pimc.evaluation.classify import KINDS
    from pimc.evaluation.image_inputs import INPUTS
    from pimc.model.adapt import blank_image_encoder
    from pimc.model.backbone.network import load_backbone
    from pimc.model.storage import encoder_digest

    options.check_arms(KINDS, INPUTS)
    runs = list(plan_runs(TASK, options))
    if image_encoder is None:
        runs = drop_absent(options, runs, "there is no pretrained image encoder")
        image_encoder = blank_image_encoder(find_preset(options.preset).image, images.bands)
    backbones = {
        name: load_backbone(options.backbones[name], images.images.shape[-1])
        for name in sorted({run.arm.encoder for run in runs if run.arm.encoder is not None})
    }
    # what an arm has of an encoder: its weights, or its bands and its size, or nothing
    ours = image_encoder.config
    parts: dict[tuple[str | None, str | None], str] = {
        ("pretrained", None): encoder_digest(image_encoder),
        ("random", None): fingerprint(ours.bands, ours.architecture),
    }
    for name, each in backbones.items():
        parts[BACKBONE, name] = encoder_digest(each)
        parts[RANDOM_BACKBONE, name] = fingerprint(each.config)
    facts = (RESULT_VERSION, images.fingerprint, options.protocol.max_train, options.seed)
    tasks: dict[str | None, LandCover] = {None: _task_on(image_encoder, images, options)}
    tasks |= {name: _task_on(each, images, options) for name, each in backbones.items()}
    split = Split(**{name: np.flatnonzero(images.splits == name) for name in SPLITS})
    return {
        run.name: ArmTask(
            run,
            fingerprint(
                facts,
                options.precision,
                run.identity,
                parts.get((run.arm.input, run.arm.encoder)),
            ),
            partial(tasks[run.arm.encoder].run, run, split),
        )
        for run in runs
    }


def _task_on(encoder: AnyImageEncoder, images: LandImages, options: LandCoverOptions) -> LandCover:
    """The task for arms that read this encoder, or none."""
    from pimc.evaluation.image_inputs import ImageInputs
    from pimc.evaluation.land_cover import LandCover

    return LandCover(
        ImageInputs(images.images, images.bands, encoder, options.device, options.precision),
        images.labels,
        len(CLASSES),
        options.protocol.max_train,
        options.device,
        options.seed,
    )


def score_arms(
    results: list[StoredResult], images: LandImages, options: LandCoverOptions
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """Scores of all arms, their differences, scores of each class, and metrics of the run."""
    report = report_classification(results, describe_samples(images), options)
    return report.scores, report.differences, report.class_scores, report.metrics


def describe_samples(images: LandImages) -> ClassifiedSamples:
    """The truth of the images; the bootstrap draws images."""
    number = np.arange(len(images.labels))
    return ClassifiedSamples(images.labels, number, CLASSES, unit="image")


def draw_figures(
    results: list[StoredResult], scores: pd.DataFrame, images: LandImages
) -> tuple[Figure, Figure, Figure]:
    """Arms with intervals, few-label curves, and the confusion of the arm that validation chose."""
    return draw_classification(results, scores, describe_samples(images), "Land cover", "accuracy")
