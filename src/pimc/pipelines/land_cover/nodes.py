"""Nodes of land cover."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pimc.data.eurosat.images import CLASSES, EuroSat
from pimc.data.eurosat.land_images import LandImages
from pimc.data.eurosat.list_sets import add_title
from pimc.evaluation.land_cover_arms import LAND_COVER, LandCoverOptions, land_cover_task
from pimc.evaluation.planning import plan
from pimc.evaluation.runs import ArmTask, StoredResult
from pimc.model.encoder_config import StoredImageEncoder
from pimc.report.classification import ClassifiedSamples
from pimc.report.classification_report import draw_classification, report_classification
from pimc.report.figure import Figure


def read_images(files: EuroSat) -> EuroSat:
    """Hand the images over, not read: the dataset decodes those that are not on disk yet."""
    return files


def plan_arms(
    images: LandImages, image_encoder: StoredImageEncoder | None, options: LandCoverOptions
) -> dict[str, ArmTask]:
    """One task a run of an arm; the dataset makes those that are not on disk yet."""
    return plan(land_cover_task(images, image_encoder, options), options)


def score_arms(
    results: list[StoredResult], images: LandImages, options: LandCoverOptions
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """Scores of all arms, their differences, scores of each class, and metrics of the run."""
    report = report_classification(results, _describe_samples(images), options)
    scores = report.scores.assign(split=images.split)
    return scores, report.differences, report.class_scores, report.metrics


def draw_figures(
    results: list[StoredResult], scores: pd.DataFrame, images: LandImages
) -> tuple[Figure, Figure, Figure]:
    """Arms with intervals, few-label curves, and the confusion of the arm that validation chose."""
    samples, title = _describe_samples(images), add_title(LAND_COVER.title, images.split)
    return draw_classification(results, scores, samples, title, "accuracy")


def _describe_samples(images: LandImages) -> ClassifiedSamples:
    """The truth of the images; the bootstrap draws images."""
    number = np.arange(len(images.labels))
    return ClassifiedSamples(images.labels, number, CLASSES, unit="image")
