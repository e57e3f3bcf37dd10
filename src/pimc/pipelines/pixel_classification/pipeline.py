"""Wiring of pixel classification."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.pixel_classification.nodes import (
    draw_figures,
    gather_encoders,
    plan_arms,
    plan_encoders,
    score_arms,
)

PARAMETERS = {"recurrence", "pretraining", "folds", "pixel_classification"}


def create_pipeline() -> Pipeline:
    """The corpus and encoders -> results of all arms -> tables and figures."""
    options = "params:pixel_classification"
    encoders = ["classes", "params:recurrence", "params:pretraining", "params:folds"]
    samples = ["corpus", "classes", options]
    return Pipeline(
        [
            node(
                plan_encoders,
                inputs=["corpus", *encoders, options, "checkpoints"],
                outputs="encoders",
                name="train_encoders",
            ),
            node(
                gather_encoders,
                inputs=[
                    "corpus",
                    "series_encoder",
                    "image_encoder",
                    "encoders",
                    "params:recurrence",
                    "params:pretraining",
                    options,
                ],
                outputs="readers",
                name="gather_encoders",
            ),
            node(
                plan_arms,
                inputs=["corpus", "readers", "classes", "params:folds", options],
                outputs="results",
                name="run_arms",
            ),
            node(
                score_arms,
                inputs=["results", *samples],
                outputs=["scores", "differences", "class_scores", "metrics"],
                name="score_arms",
            ),
            node(
                draw_figures,
                inputs=["results", "scores", *samples],
                outputs=["score_figure", "label_curve_figure", "confusion_figure"],
                name="draw_figures",
            ),
        ],
        namespace="pixel_classification",
        inputs={"corpus", "classes", "series_encoder", "image_encoder", "checkpoints"},
        outputs={"metrics": "pixel_classification_metrics"},
        parameters=PARAMETERS,
    )
