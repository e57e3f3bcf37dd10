"""Ablation: what each choice of plot and objective is worth, under one protocol."""

from pimc.pipelines.ablation.pipeline import create_pipeline, create_transfer

__all__ = ["create_pipeline", "create_transfer"]
