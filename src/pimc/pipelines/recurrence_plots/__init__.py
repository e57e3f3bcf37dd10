"""Recurrence plots: fit the transform, render the plots asked for, draw a gallery."""

from pimc.pipelines.recurrence_plots.pipeline import create_pipeline

__all__ = ["create_pipeline"]
