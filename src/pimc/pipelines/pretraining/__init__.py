"""Contrastive pretraining: series and images become two encoders."""

from pimc.pipelines.pretraining.pipeline import create_pipeline

__all__ = ["create_pipeline"]
