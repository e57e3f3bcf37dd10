"""Wiring of the map."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.mapping.nodes import (
    draw_maps,
    embed_ground,
    fit_classes,
    plan_map,
    write_maps,
)


def create_pipeline() -> Pipeline:
    """Places and an encoder -> blocks of embeddings -> classes, rasters, pictures."""
    return Pipeline(
        [
            node(
                plan_map,
                inputs=[
                    "map_places",
                    "map_encoders",
                    "map_blocks",
                    "params:calendar",
                    "params:screening",
                    "params:mapping",
                ],
                outputs="map_plan",
                name="plan_map",
            ),
            node(embed_ground, inputs="map_plan", outputs="map_stores", name="embed_ground"),
            node(
                fit_classes,
                inputs=["map_plan", "map_stores", "params:mapping"],
                outputs=["map_head", "map.class_scores"],
                name="fit_classes",
            ),
            node(
                write_maps,
                inputs=["map_plan", "map_stores", "map_head", "map_folder", "params:mapping"],
                outputs=["map.files", "map.areas"],
                name="write_maps",
            ),
            node(
                draw_maps,
                inputs=["map_plan", "map.files", "map_head", "map_places", "map_folder"],
                outputs="map.overview_figure",
                name="draw_maps",
            ),
        ],
        namespace="map",
        prefix_datasets_with_namespace=False,
    )
