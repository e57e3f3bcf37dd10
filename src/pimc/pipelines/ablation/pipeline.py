"""Wiring of the ablation."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.ablation.nodes import draw_variants, plan_arms, plan_variants, score_variants
from pimc.pipelines.corpus import training_inputs


def create_pipeline() -> Pipeline:
    """Series and images -> an encoder a variant, seed and rotation -> scores of all."""
    return Pipeline(
        [
            node(
                plan_variants,
                inputs={
                    "other_corpus": "ablation.corpus",
                    "classes": "params:classes",
                    **training_inputs("ablation"),
                },
                outputs="ablation.encoders",
                name="train_encoders",
            ),
            node(
                plan_arms,
                inputs=[
                    "index_series",
                    "observed",
                    "series_pixels",
                    "ablation.encoders",
                    "params:classes",
                    "params:indices",
                    "params:calendar",
                    "params:recurrence",
                    "params:pretraining",
                    "params:folds",
                    "params:ablation",
                ],
                outputs="ablation.results",
                name="run_arms",
            ),
            node(
                score_variants,
                inputs=[
                    "ablation.results",
                    "ablation.encoders",
                    "series_pixels",
                    "params:classes",
                    "params:ablation",
                ],
                outputs=[
                    "ablation.scores",
                    "ablation.differences",
                    "ablation.trainings",
                    "ablation.metrics",
                ],
                name="score_variants",
            ),
            node(
                draw_variants,
                inputs=["ablation.scores", "ablation.differences"],
                outputs="ablation.figure",
                name="draw_variants",
            ),
        ],
        namespace="ablation",
        prefix_datasets_with_namespace=False,
    )
