"""Wiring of land cover."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.land_cover.nodes import draw_figures, plan_arms, read_images, score_arms


def create_pipeline() -> Pipeline:
    """EuroSAT and an encoder -> results of all arms -> tables and figures."""
    return Pipeline(
        [
            node(
                read_images,
                inputs="land_cover.files",
                outputs="land_cover.images",
                name="read_images",
            ),
            node(
                plan_arms,
                inputs=["land_cover.images", "image_encoder", "params:land_cover"],
                outputs="land_cover.results",
                name="run_arms",
            ),
            node(
                score_arms,
                inputs=["land_cover.results", "land_cover.images", "params:land_cover"],
                outputs=[
                    "land_cover.scores",
                    "land_cover.differences",
                    "land_cover.class_scores",
                    "land_cover.metrics",
                ],
                name="score_arms",
            ),
            node(
                draw_figures,
                inputs=["land_cover.results", "land_cover.scores", "land_cover.images"],
                outputs=[
                    "land_cover.score_figure",
                    "land_cover.label_curves",
                    "land_cover.confusion",
                ],
                name="draw_figures",
            ),
        ],
        namespace="land_cover",
        prefix_datasets_with_namespace=False,
    )
