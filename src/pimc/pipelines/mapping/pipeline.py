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
                outputs="plan",
                name="plan_map",
            ),
            node(
                embed_ground,
                inputs=["plan", "map_blocks"],
                outputs="stores",
                name="embed_ground",
            ),
            node(
                fit_classes,
                inputs=["plan", "stores", "params:mapping"],
                outputs=["head", "class_scores"],
                name="fit_classes",
            ),
            node(
                write_maps,
                inputs=["plan", "stores", "head", "maps", "params:mapping"],
                outputs=["files", "areas"],
                name="write_maps",
            ),
            node(
                draw_maps,
                inputs=["plan", "files", "head", "map_places", "maps"],
                outputs="overview_figure",
                name="draw_maps",
            ),
        ],
        namespace="map",
        inputs={"map_places", "map_encoders", "map_blocks", "maps"},
        parameters={"calendar", "screening", "mapping"},
    )
