"""Forecasting: the next values of the index series, under one protocol."""

from pimc.pipelines.forecasting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
