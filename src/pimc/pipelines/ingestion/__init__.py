"""Ingestion: scenes become sampled pixels' series and the clearest images."""

from pimc.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
