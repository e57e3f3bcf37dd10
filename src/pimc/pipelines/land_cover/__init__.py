"""Land cover: what image arms know of EuroSAT's classes, under one protocol."""

from pimc.pipelines.land_cover.pipeline import create_pipeline

__all__ = ["create_pipeline"]
