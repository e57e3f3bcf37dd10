"""The data that a run is made of, as MLflow records them."""

from __future__ import annotations

import json
from typing import Any

from kedro.io import AbstractDataset
from kedro.pipeline import Pipeline
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.meta_dataset import MetaDataset

from pimc.data.fingerprint import fingerprint

RAW = {
    "scenes": ("patch_samples", "pixels", "pixel_reflectance", "index_series", "corpus"),
    "land_cover.files": ("land_cover.images",),
}
"""Where all data come from, and what is made of them that a later run may begin with."""


def find_raw(pipeline: Pipeline) -> list[str]:
    """Names of the raw data that a pipeline reads, or what it reads was made of."""
    read = pipeline.inputs()
    return [name for name, made in RAW.items() if {name, *made} & read]


def record_source(dataset: AbstractDataset[Any, Any]) -> MetaDataset:
    """Name, place and options of raw data, without the data.

    The digest is of this description: it tells samples of other options apart, not other pixels
    in the same files.
    """
    description = {name: str(value) for name, value in dataset._describe().items()}
    source = CodeDatasetSource(description)  # it keeps any facts; others want an address
    digest = fingerprint(json.dumps(description, sort_keys=True))
    name = description.get("source", type(dataset).__name__)
    return MetaDataset(source, name, digest)  # type: ignore[abstract]
