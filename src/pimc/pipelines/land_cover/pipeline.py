"""Wiring of land cover."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.land_cover.nodes import draw_figures, plan_arms, read_images, score_arms


def create_pipeline() -> Pipeline:
    """EuroSAT and an encoder -> results of all arms -> tables and figures."""
    return Pipeline(
        [
            node(read_images, inputs="files", outputs="images", name="read_images"),
            node(
                plan_arms,
                inputs=["images", "image_encoder", "params:land_cover"],
                outputs="results",
                name="run_arms",
            ),
            node(
                score_arms,
                inputs=["results", "images", "params:land_cover"],
                outputs=["scores", "differences", "class_scores", "metrics"],
                name="score_arms",
            ),
            node(
                draw_figures,
                inputs=["results", "scores", "images"],
                outputs=["score_figure", "label_curve_figure", "confusion_figure"],
                name="draw_figures",
            ),
        ],
        namespace="land_cover",
        inputs={"image_encoder"},
        outputs={"metrics": "land_cover_metrics"},
        parameters={"land_cover"},
    )
