"""Numbers that a node returns: a JSON file for people, metrics of the run for MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from pimc.data.atomic import replace_text

CURVES = "curves"
"""What the names of metrics by training step begin with: MLflow groups metrics by ``/``."""

COMPARED = {
    "val_loss": "val_loss",
    "across_patches_recall_at_1": "recall_at_1_across",
    "within_patch_recall_at_1": "recall_at_1_within",
}
"""Metrics of a pretraining by which runs are compared: the list of runs has a column for each."""


class TrackedMetrics(AbstractDataset[dict[str, float], dict[str, float]]):
    """``{name: value}`` as JSON, and as ``prefix/name`` in the active MLflow run."""

    def __init__(self, filepath: str, prefix: str, metadata: dict[str, Any] | None = None):
        self._filepath = Path(filepath)
        self._prefix = prefix
        self.metadata = metadata

    def save(self, data: dict[str, float]) -> None:
        """Write the file and log the metrics."""
        import mlflow

        replace_text(self._filepath, json.dumps(data, indent=1))
        if mlflow.active_run():
            mlflow.log_metrics(group(self._prefix, data))

    def load(self) -> dict[str, float]:
        """The metrics of the last run."""
        metrics: dict[str, float] = json.loads(self._filepath.read_text())
        return metrics

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "prefix": self._prefix}


def group(prefix: str, metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics of one group by their names in MLflow."""
    return {f"{prefix}/{name}": value for name, value in metrics.items()}


def comparable(metrics: Mapping[str, float]) -> dict[str, float]:
    """The few metrics of a pretraining that stand at the top level of a run."""
    return {new: metrics[name] for name, new in COMPARED.items() if name in metrics}


def log_step(metrics: dict[str, float], step: int) -> None:
    """Send metrics of one training step to the active MLflow run, if there is one.

    The write happens in the background: a write to the database costs as much as a third of a
    small training step.
    """
    import mlflow

    if mlflow.active_run():
        mlflow.log_metrics(group(CURVES, metrics), step=step, synchronous=False)
