"""PIMC: pixel-wise multimodal contrastive learning on satellite image time series."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pimc.model.embedders.images import ImageEmbedder
    from pimc.model.embedders.series import SeriesEmbedder

__version__ = "0.1.0"


def load_encoder(path: str | Path = "shipped") -> SeriesEmbedder | ImageEmbedder:
    """An encoder that embeds reflectance as it is: ``load_encoder(path).embed(...)``.

    Args:
        path: folder of an encoder; ``shipped`` is the encoder of series that comes with the
            package.

    Raises:
        FileNotFoundError: if the folder holds no encoder.
        ValueError: if it is damaged, or of another version.
    """
    from pimc.model.embedders.load import load_embedder  # torch takes seconds to import

    return load_embedder(path)
