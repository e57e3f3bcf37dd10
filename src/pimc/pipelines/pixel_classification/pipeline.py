"""Wiring of pixel classification."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.corpus import training_inputs
from pimc.pipelines.pixel_classification.nodes import (
    draw_figures,
    plan_arms,
    plan_rotation_encoders,
    score_arms,
)


def create_pipeline() -> Pipeline:
    """Index series and an encoder -> results of all arms -> tables and figures."""
    return Pipeline(
        [
            node(
                plan_rotation_encoders,
                inputs={**training_inputs("pixel_classification"), "classes": "params:classes"},
                outputs="pixel_classification.encoders",
                name="train_encoders",
            ),
            node(
                plan_arms,
                inputs=[
                    "index_series",
                    "observed",
                    "series_pixels",
                    "series_encoder",
                    "pixel_classification.encoders",
                    "params:classes",
                    "params:indices",
                    "params:calendar",
                    "params:recurrence",
                    "params:folds",
                    "params:pixel_classification",
                ],
                outputs="pixel_classification.results",
                name="run_arms",
            ),
            node(
                score_arms,
                inputs=[
                    "pixel_classification.results",
                    "series_pixels",
                    "params:classes",
                    "params:pixel_classification",
                ],
                outputs=[
                    "pixel_classification.scores",
                    "pixel_classification.differences",
                    "pixel_classification.class_scores",
                    "pixel_classification.metrics",
                ],
                name="score_arms",
            ),
            node(
                draw_figures,
                inputs=[
                    "pixel_classification.results",
                    "pixel_classification.scores",
                    "series_pixels",
                    "params:classes",
                    "params:pixel_classification",
                ],
                outputs=[
                    "pixel_classification.score_figure",
                    "pixel_classification.label_curves",
                    "pixel_classification.confusion",
                ],
                name="draw_figures",
            ),
        ],
        namespace="pixel_classification",
        prefix_datasets_with_namespace=False,
    )
