"""Wiring of the corpus."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.corpus.nodes import gather_corpus
from pimc.pretraining.corpus import choose_frames


def create_pipeline() -> Pipeline:
    """Series, images, and where each pixel is clear -> the corpus."""
    return Pipeline(
        [
            node(
                choose_frames,
                inputs=[
                    "series_pixels",
                    "pixels",
                    "clear",
                    "frame_table",
                    "acquisitions",
                    "params:calendar",
                ],
                outputs="frame_choices",
                name="choose_frames",
            ),
            node(
                gather_corpus,
                inputs=[
                    "index_series",
                    "observed",
                    "series_pixels",
                    "series_axes",
                    "frames",
                    "frame_choices",
                    "scene_summary",
                    "band_series",
                    "source_pixels",
                ],
                outputs="corpus",
                name="gather_corpus",
            ),
        ],
        namespace="corpus",
        prefix_datasets_with_namespace=False,
    )
