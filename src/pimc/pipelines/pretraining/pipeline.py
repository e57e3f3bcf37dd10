"""Wiring of contrastive pretraining."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.pretraining.nodes import draw_training_curves, pretrain_encoders
from pimc.pretraining.corpus import choose_frames


def create_pipeline() -> Pipeline:
    """Series and images -> two encoders, their history and what they retrieve."""
    return Pipeline(
        [
            node(
                choose_frames,
                inputs=["series_pixels", "clear", "frame_table"],
                outputs="frame_choices",
                name="choose_frames",
            ),
            node(
                pretrain_encoders,
                inputs=[
                    "index_series",
                    "observed",
                    "series_pixels",
                    "frames",
                    "frame_choices",
                    "recurrence",
                    "bands",
                    "scene_summary",
                    "params:calendar",
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
                ],
                name="pretrain_encoders",
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
