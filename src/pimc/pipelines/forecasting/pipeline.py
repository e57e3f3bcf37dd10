"""Wiring of forecasting."""

from kedro.pipeline import Pipeline, node

from pimc.evaluation.series_task import plan_rotation_encoders
from pimc.pipelines.forecasting.nodes import cut_series, draw_figures, plan_arms, score_arms

SERIES_PARAMETERS = {"indices", "screening", "calendar"}
PARAMETERS = {*SERIES_PARAMETERS, "recurrence", "pretraining", "folds", "forecasting"}


def create_pipeline() -> Pipeline:
    """Raw series and an encoder -> context and targets -> results of all arms -> tables.

    Encoders of rotations are trained on whole series of training folds; what is forecast is cut
    from the raw series of the test fold, which none of them has seen.
    """
    options = "params:forecasting"
    raw = ["pixel_reflectance", "pixels", "acquisitions"]
    series = ["params:indices", "params:screening", "params:calendar"]
    encoders = ["params:recurrence", "params:pretraining", "params:folds"]
    return Pipeline(
        [
            node(cut_series, inputs=[*raw, *series, options], outputs="windows", name="cut_series"),
            node(
                plan_rotation_encoders,
                inputs=["corpus", *encoders, options, "checkpoints"],
                outputs="encoders",
                name="train_encoders",
            ),
            node(
                plan_arms,
                inputs=[
                    "windows",
                    "series_encoder",
                    "encoders",
                    "params:recurrence",
                    "params:folds",
                    options,
                ],
                outputs="results",
                name="run_arms",
            ),
            node(
                score_arms,
                inputs=["results", "windows", options],
                outputs=["scores", "differences", "leads", "metrics"],
                name="score_arms",
            ),
            node(
                draw_figures,
                inputs=["results", "scores", "leads", "windows", options],
                outputs=["score_figure", "lead_figure", "example_figure"],
                name="draw_figures",
            ),
        ],
        namespace="forecasting",
        inputs={*raw, "corpus", "series_encoder", "checkpoints"},
        outputs={"metrics": "forecasting_metrics"},
        parameters=PARAMETERS,
    )
