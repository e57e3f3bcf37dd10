"""Wiring of the leaderboard."""

from collections.abc import Sequence

from kedro.pipeline import Pipeline, node

from pimc.pipelines.leaderboard.nodes import draw_figure, rank_arms, write_page, write_results


def create_pipeline(after: Sequence[str] = ()) -> Pipeline:
    """Tables of scores on disk -> one table, one figure, one page.

    Args:
        after: metrics of tasks of the same run, whose tables must be there first. Without any,
            what is on disk is taken, and a task that has not been run is no error.
    """
    return Pipeline(
        [
            node(
                rank_arms,
                inputs=["task_tables", "params:leaderboard", *after],
                outputs=["scores", "paired"],
                name="rank_arms",
            ),
            node(
                draw_figure,
                inputs=["scores", "paired"],
                outputs="ranking_figure",
                name="draw_figure",
            ),
            node(
                write_page,
                inputs=["scores", "paired", "project", "params:leaderboard"],
                outputs="page",
                name="write_page",
            ),
        ],
        namespace="leaderboard",
        inputs=set(after),
        parameters={"leaderboard"},
    )


def create_results_page() -> Pipeline:
    """The leaderboard's tables -> blocks of the docs' pages of results."""
    tables = {name: f"leaderboard.{name}" for name in ("scores", "paired")}
    return Pipeline(
        [node(write_results, inputs=list(tables), outputs="results", name="write_results")],
        namespace="leaderboard",
        inputs=tables,
    )
