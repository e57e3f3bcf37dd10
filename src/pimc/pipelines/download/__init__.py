"""Download: a public data set, fetched to where its environment reads it."""

from pimc.pipelines.download.pipeline import create_pipeline

__all__ = ["create_pipeline"]
