"""Wiring of ingestion."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.ingestion.nodes import (
    describe_scenes,
    join_frames,
    join_series,
    plan_samples,
    tabulate_pixels,
)


def create_pipeline() -> Pipeline:
    """Scenes -> samples on disk -> pixels, series, images and their tables."""
    return Pipeline(
        [
            node(
                plan_samples,
                inputs=["scenes", "params:sampling", "params:screening", "params:classes"],
                outputs=["patch_samples", "source_pixels", "classes", "labelled_features"],
                name="sample_patches",
            ),
            node(
                tabulate_pixels,
                inputs=["patch_samples", "classes", "labelled_features"],
                outputs="pixels",
                name="tabulate_pixels",
            ),
            node(
                join_series,
                inputs="patch_samples",
                outputs=["pixel_reflectance", "acquisitions"],
                name="join_series",
            ),
            node(
                join_frames,
                inputs="patch_samples",
                outputs=["frames", "frame_table"],
                name="join_frames",
            ),
            node(
                describe_scenes,
                inputs="patch_samples",
                outputs="scene_summary",
                name="describe_scenes",
            ),
        ],
        namespace="ingestion",
        prefix_datasets_with_namespace=False,
    )
