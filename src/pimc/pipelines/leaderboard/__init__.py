"""Leaderboard: all tasks, arms and data sets in one table, one figure and one page."""

from pimc.pipelines.leaderboard.pipeline import create_pipeline, create_results_page

__all__ = ["create_pipeline", "create_results_page"]
