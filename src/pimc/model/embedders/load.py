"""An encoder of a folder, ready to embed."""

from __future__ import annotations

from pathlib import Path

from pimc.model.embedders.images import ImageEmbedder
from pimc.model.embedders.series import SeriesEmbedder
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.model.shipped import load_shipped
from pimc.model.storage import load_encoder

SHIPPED = "shipped"
"""In the place of a folder: the encoder that comes with the package."""


def load_network(path: Path | str = SHIPPED) -> SeriesEncoder | ImageEncoder:
    """The encoder of a folder, or the one that comes with the package."""
    return load_shipped() if path == SHIPPED else load_encoder(path)


def load_embedder(path: Path | str = SHIPPED) -> SeriesEmbedder | ImageEmbedder:
    """The same, ready to embed reflectance."""
    network = load_network(path)
    return ImageEmbedder(network) if isinstance(network, ImageEncoder) else SeriesEmbedder(network)
