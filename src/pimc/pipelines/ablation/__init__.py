"""Ablation: what each choice of plot and objective is worth, under one protocol."""

from pimc.pipelines.ablation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
