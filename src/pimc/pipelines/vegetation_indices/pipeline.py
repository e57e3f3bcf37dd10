"""Wiring of the index series."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.vegetation_indices.nodes import (
    compute_index_observations,
    describe_axes,
    regularise_band_series,
    regularise_series,
    screen_observations,
    select_pixels,
    summarise_observations,
)
from pimc.report.season_summary import summarise_seasons


def create_pipeline() -> Pipeline:
    """Reflectance series -> indices, cloud screening -> series on a regular calendar."""
    return Pipeline(
        [
            node(
                compute_index_observations,
                inputs=["pixel_reflectance", "params:indices"],
                outputs="index_observations",
                name="compute_indices",
            ),
            node(
                screen_observations,
                inputs=["pixel_reflectance", "pixels", "acquisitions", "params:screening"],
                outputs="clear",
                name="screen_clouds",
            ),
            node(
                select_pixels,
                inputs=["pixels", "index_observations", "clear", "acquisitions", "params:calendar"],
                outputs="series_pixels",
                name="select_pixels",
            ),
            node(
                regularise_series,
                inputs=[
                    "index_observations",
                    "clear",
                    "series_pixels",
                    "acquisitions",
                    "params:calendar",
                ],
                outputs=["index_series", "observed"],
                name="regularise_series",
            ),
            node(
                regularise_band_series,
                inputs=[
                    "pixel_reflectance",
                    "clear",
                    "series_pixels",
                    "acquisitions",
                    "params:calendar",
                ],
                outputs="band_series",
                name="regularise_bands",
            ),
            node(
                describe_axes,
                inputs=["params:indices", "params:calendar"],
                outputs="series_axes",
                name="describe_axes",
            ),
            node(
                summarise_observations,
                inputs=[
                    "index_observations",
                    "clear",
                    "pixels",
                    "series_pixels",
                    "acquisitions",
                    "params:indices",
                    "params:calendar",
                ],
                outputs="observation_summary",
                name="summarise_observations",
            ),
            node(
                summarise_seasons,
                inputs=["pixels", "series_pixels", "acquisitions", "params:calendar"],
                outputs="season_summary",
                name="summarise_seasons",
            ),
        ],
        namespace="vegetation_indices",
        prefix_datasets_with_namespace=False,
    )
