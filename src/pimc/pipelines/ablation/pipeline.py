"""Wiring of the ablation, and of its scores for encoders that another workspace trained."""

from kedro.pipeline import Node, Pipeline, node

from pimc.pipelines.ablation.nodes import (
    draw_variants,
    plan_arms,
    plan_transferred,
    plan_variants,
    score_variants,
)
from pimc.pipelines.corpus import training_inputs


def create_pipeline() -> Pipeline:
    """Series and images -> an encoder a variant, seed and rotation -> scores of all."""
    train = node(
        plan_variants,
        inputs={"classes": "params:classes", **training_inputs("ablation")},
        outputs="ablation.encoders",
        name="train_encoders",
    )
    return _score_encoders("ablation", train)


def create_transfer() -> Pipeline:
    """Encoders of another workspace -> their scores on this one's pixels."""
    take = node(
        plan_transferred,
        inputs=[
            "transfer.corpus",
            "series_pixels",
            "params:classes",
            "params:indices",
            "params:calendar",
            "params:recurrence",
            "params:pretraining",
            "params:ablation",
        ],
        outputs="transfer.encoders",
        name="take_encoders",
    )
    return _score_encoders("transfer", take)


def _score_encoders(study: str, encoders: Node) -> Pipeline:
    """The node that gives a study its encoders, and those that score them."""
    return Pipeline(
        [
            encoders,
            node(
                plan_arms,
                inputs=[
                    "index_series",
                    "observed",
                    "series_pixels",
                    f"{study}.encoders",
                    "params:classes",
                    "params:indices",
                    "params:calendar",
                    "params:recurrence",
                    "params:pretraining",
                    "params:folds",
                    "params:ablation",
                ],
                outputs=f"{study}.results",
                name="run_arms",
            ),
            node(
                score_variants,
                inputs=[
                    f"{study}.results",
                    f"{study}.encoders",
                    "series_pixels",
                    "params:classes",
                    "params:ablation",
                ],
                outputs=[
                    f"{study}.scores",
                    f"{study}.differences",
                    f"{study}.trainings",
                    f"{study}.metrics",
                ],
                name="score_variants",
            ),
            node(
                draw_variants,
                inputs=[f"{study}.scores", f"{study}.differences"],
                outputs=f"{study}.figure",
                name="draw_variants",
            ),
        ],
        namespace=study,
        prefix_datasets_with_namespace=False,
    )
