"""Wiring of forecasting."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.corpus import training_inputs
from pimc.pipelines.forecasting.nodes import (
    cut_series,
    draw_figures,
    plan_arms,
    plan_rotation_encoders,
    score_arms,
)


def create_pipeline() -> Pipeline:
    """Raw series and an encoder -> context and targets -> results of all arms -> tables.

    Encoders of rotations are trained on whole series of training folds; what is forecast is cut
    from the raw series of the test fold, which none of them has seen.
    """
    return Pipeline(
        [
            node(
                cut_series,
                inputs=[
                    "pixel_reflectance",
                    "pixels",
                    "acquisitions",
                    "bands",
                    "params:indices",
                    "params:screening",
                    "params:calendar",
                    "params:forecasting",
                ],
                outputs=[
                    "forecasting.pixels",
                    "forecasting.context",
                    "forecasting.targets",
                    "forecasting.unscreened",
                ],
                name="cut_series",
            ),
            node(
                plan_rotation_encoders,
                inputs=training_inputs("forecasting"),
                outputs="forecasting.encoders",
                name="train_encoders",
            ),
            node(
                plan_arms,
                inputs=[
                    "forecasting.pixels",
                    "forecasting.context",
                    "forecasting.targets",
                    "series_encoder",
                    "forecasting.encoders",
                    "params:indices",
                    "params:calendar",
                    "params:recurrence",
                    "params:folds",
                    "params:forecasting",
                ],
                outputs="forecasting.results",
                name="run_arms",
            ),
            node(
                score_arms,
                inputs=[
                    "forecasting.results",
                    "forecasting.pixels",
                    "forecasting.targets",
                    "forecasting.unscreened",
                    "params:indices",
                    "params:forecasting",
                ],
                outputs=[
                    "forecasting.scores",
                    "forecasting.differences",
                    "forecasting.leads",
                    "forecasting.metrics",
                ],
                name="score_arms",
            ),
            node(
                draw_figures,
                inputs=[
                    "forecasting.results",
                    "forecasting.scores",
                    "forecasting.leads",
                    "forecasting.pixels",
                    "forecasting.context",
                    "forecasting.targets",
                    "params:indices",
                    "params:forecasting",
                ],
                outputs=[
                    "forecasting.score_figure",
                    "forecasting.lead_figure",
                    "forecasting.examples",
                ],
                name="draw_figures",
            ),
        ],
        namespace="forecasting",
        prefix_datasets_with_namespace=False,
    )
