"""Wiring of contrastive pretraining."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.pretraining.nodes import (
    describe_encoder,
    draw_training_curves,
    drop_checkpoint,
    pretrain_encoders,
)


def create_pipeline() -> Pipeline:
    """The corpus -> two encoders, their history and what they retrieve."""
    return Pipeline(
        [
            node(
                pretrain_encoders,
                inputs=[
                    "corpus",
                    "recurrence",
                    "params:folds",
                    "params:pretraining",
                    "checkpoints",
                    "unpaired_images",
                ],
                outputs=[
                    "series_encoder",
                    "image_encoder",
                    "pretraining_history",
                    "pretraining_metrics",
                    "retrieval",
                    "retrieval_examples",
                    "finished_checkpoint",
                ],
                name="pretrain_encoders",
            ),
            node(
                drop_checkpoint,
                inputs=["finished_checkpoint", "series_encoder"],
                outputs=None,
                name="drop_checkpoint",
            ),
            *(
                node(
                    describe_encoder,
                    inputs=[
                        f"{kind}_encoder",
                        "corpus",
                        "params:folds",
                        "params:pretraining",
                        "pretraining_metrics",
                        "retrieval",
                        "params:card",
                    ],
                    outputs=f"{kind}_card",
                    name=f"describe_{kind}_encoder",
                )
                for kind in ("series", "image")
            ),
            node(
                draw_training_curves,
                inputs=["pretraining_history", "pretraining_metrics"],
                outputs="training_curves",
                name="draw_training_curves",
            ),
        ],
        namespace="pretraining",
        prefix_datasets_with_namespace=False,
    )
