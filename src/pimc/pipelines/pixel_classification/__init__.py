"""Pixel classification: what series arms know of crops, under one protocol."""

from pimc.pipelines.pixel_classification.pipeline import create_pipeline

__all__ = ["create_pipeline"]
