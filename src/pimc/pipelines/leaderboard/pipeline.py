"""Wiring of the leaderboard."""

from collections.abc import Iterable

from kedro.pipeline import Pipeline, node

from pimc.pipelines.leaderboard.nodes import draw_figure, rank_arms, write_page, write_results


def create_pipeline(after: Iterable[str] = ()) -> Pipeline:
    """Tables of scores on disk -> one table, one figure, one page.

    Args:
        after: tables that are written in the same run, and must be there first. Without any, what
            is on disk is taken, and a task that has not been run is no error.
    """
    return Pipeline(
        [
            node(
                rank_arms,
                inputs=["leaderboard.task_tables", "params:leaderboard", *after],
                outputs=["leaderboard.scores", "leaderboard.paired"],
                name="rank_arms",
            ),
            node(
                draw_figure,
                inputs=["leaderboard.scores", "leaderboard.paired"],
                outputs="leaderboard.figure",
                name="draw_figure",
            ),
            node(
                write_page,
                inputs=[
                    "leaderboard.scores",
                    "leaderboard.paired",
                    "leaderboard.project",
                    "params:leaderboard",
                ],
                outputs="leaderboard.page",
                name="write_page",
            ),
        ],
        namespace="leaderboard",
        prefix_datasets_with_namespace=False,
    )


def create_results_page() -> Pipeline:
    """The leaderboard's tables -> blocks of the docs' pages of results."""
    return Pipeline(
        [
            node(
                write_results,
                inputs=["leaderboard.scores", "leaderboard.paired"],
                outputs="leaderboard.results",
                name="write_results",
            )
        ],
        namespace="leaderboard",
        prefix_datasets_with_namespace=False,
    )
