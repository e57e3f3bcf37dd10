"""An encoder as a model of the active MLflow run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pimc import __version__

DATES = 12
"""Of the example that is logged: one a month."""


def log_encoder(folder: Path, registered: str | None = None) -> str:
    """Log the files of a folder as a model that takes reflectance; nothing is pickled.

    Args:
        folder: of an encoder, and its card; the model has its name.
        registered: of the registered model of which it becomes a version, with ``_`` and the
            name of the folder behind it; None for none.

    Returns:
        Address of the model: ``mlflow.pyfunc.load_model(address)``.
    """
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ParamSchema, ParamSpec, Schema

    from pimc.model.embedders.images import ImageEmbedder
    from pimc.model.embedders.load import load_embedder
    from pimc.model.served import LOADER

    embedder = load_embedder(folder)
    images = isinstance(embedder, ImageEmbedder)
    example = _image_example(embedder.bands) if images else _series_example(embedder.bands)
    signature = ModelSignature(
        Schema([_spec(each, name) for name, each in example.items()]),
        Schema([_spec(np.empty((1, embedder.embedding_size), np.float32), None)]),
        ParamSchema([] if images else [ParamSpec("season", "string", "")]),
    )
    logged = mlflow.pyfunc.log_model(
        name=folder.name,
        loader_module=LOADER,
        data_path=str(folder),
        signature=signature,
        input_example=example,
        # named, so that MLflow does not try them out; `--env-manager local` serves what is here
        pip_requirements=[f"pimc=={__version__}"],
        registered_model_name=registered and f"{registered}_{folder.name}",
    )
    address: str = logged.model_uri
    return address


def _series_example(bands: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Two pixels that are green in summer, the second less."""
    green = np.sin(np.linspace(0, np.pi, DATES))[:, None] * np.array([1.0, 0.5])[:, None, None]
    visible = np.array([band < "B05" for band in bands])
    reflectance = np.where(visible, 0.08 - 0.04 * green, 0.2 + 0.2 * green)
    return {
        "reflectance": reflectance.round(4),
        "dates": np.array([f"2019-{month:02d}-15" for month in range(1, DATES + 1)]),
        "bands": np.array(bands),
    }


def _image_example(bands: tuple[str, ...]) -> dict[str, np.ndarray]:
    """An image of 16 x 16 pixels, brighter to the right and in later bands."""
    rising = np.linspace(0.05, 0.3, 16) * np.linspace(0.5, 1.5, len(bands))[:, None, None]
    return {
        "images": np.broadcast_to(rising, (1, len(bands), 16, 16)).round(4),
        "bands": np.array(bands),
    }


def _spec(values: np.ndarray, name: str | None) -> Any:  # noqa: ANN401  MLflow's
    """An axis of any length but for that of embeddings, which has no name."""
    from mlflow.types import TensorSpec

    kind = np.dtype("str") if values.dtype.kind == "U" else values.dtype
    shape = (-1,) * values.ndim if name else (-1, *values.shape[1:])
    return TensorSpec(kind, shape, name)
