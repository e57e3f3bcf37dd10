"""Wiring of the recurrence plots."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.recurrence_plots.nodes import (
    choose_plot_pixels,
    draw_gallery,
    fit_recurrence,
    render_plots,
)


def create_pipeline() -> Pipeline:
    """Index series -> the fitted transform, rendered plots and a gallery."""
    return Pipeline(
        [
            node(
                fit_recurrence,
                inputs=[
                    "index_series",
                    "series_pixels",
                    "params:recurrence",
                    "params:indices",
                    "params:folds",
                    "params:seed",
                ],
                outputs="recurrence",
                name="fit_recurrence",
            ),
            node(
                choose_plot_pixels,
                inputs=["series_pixels", "classes", "params:rendering", "params:seed"],
                outputs="plot_pixels",
                name="choose_plot_pixels",
            ),
            node(
                render_plots,
                inputs=[
                    "index_series",
                    "observed",
                    "plot_pixels",
                    "recurrence",
                    "params:rendering",
                ],
                outputs="recurrence_plots",
                name="render_plots",
            ),
            node(
                draw_gallery,
                inputs=[
                    "index_series",
                    "recurrence_plots",
                    "plot_pixels",
                    "recurrence",
                    "params:rendering",
                    "params:calendar",
                ],
                outputs="recurrence_gallery",
                name="draw_gallery",
            ),
        ],
        namespace="recurrence_plots",
        prefix_datasets_with_namespace=False,
    )
