"""Maps of one's own ground."""

from pimc.pipelines.mapping.pipeline import create_pipeline

__all__ = ["create_pipeline"]
