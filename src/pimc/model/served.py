"""An encoder as MLflow loads and serves it: what ``mlflow.pyfunc`` asks of a loader module.

The model is the encoder's folder, safetensors and JSON; nothing of it is pickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pimc.model.embedders.images import ImageEmbedder
from pimc.model.embedders.load import load_embedder
from pimc.model.embedders.series import SeriesEmbedder

LOADER = __name__
"""Name of this module, under which a model is logged."""


class ServedEncoder:
    """Requests by name to embeddings: ``reflectance``, ``dates`` and ``bands``, or ``images``.

    What may be asked for is stated by the model's signature (``pimc.catalog.logged_encoder``).
    """

    def __init__(self, embedder: SeriesEmbedder | ImageEmbedder):
        self.embedder = embedder

    def predict(
        self, model_input: Mapping[str, Any], params: Mapping[str, Any] | None = None
    ) -> np.ndarray:
        """N x D float32, NaN where there is no embedding.

        Args:
            model_input: ``reflectance``, ``dates`` and ``bands`` as ``SeriesEmbedder.embed``
                takes them; of an encoder of images ``images`` and ``bands``.
            params: ``season``; "" is the one with most dates.
        """
        bands = np.ravel(model_input["bands"])
        if isinstance(self.embedder, ImageEmbedder):
            return self.embedder.embed(np.asarray(model_input["images"]), bands)
        season = (params or {}).get("season") or None
        dates = np.ravel(model_input["dates"])
        reflectance = np.asarray(model_input["reflectance"])
        return self.embedder.embed(reflectance, dates, bands, season=season)


def _load_pyfunc(path: str) -> ServedEncoder:
    """Called by MLflow with the folder of the encoder."""
    return ServedEncoder(load_embedder(Path(path)))
