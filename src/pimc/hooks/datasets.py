"""Where a dataset of the catalog lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset


def local_path(dataset: AbstractDataset[Any, Any]) -> Path | None:
    """The file or folder of a dataset, by what it says of itself; None where it has none."""
    described = dataset._describe()
    path = described.get("filepath") or described.get("path")
    return None if path is None else Path(path)
