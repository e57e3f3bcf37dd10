"""Corpus: series and the images in which their pixels are clear, as one object."""

from pimc.pipelines.corpus.pipeline import create_pipeline

__all__ = ["create_pipeline"]
