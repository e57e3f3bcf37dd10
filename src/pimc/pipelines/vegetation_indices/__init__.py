"""Vegetation indices: reflectance becomes screened index series on a regular calendar."""

from pimc.pipelines.vegetation_indices.pipeline import create_pipeline

__all__ = ["create_pipeline"]
