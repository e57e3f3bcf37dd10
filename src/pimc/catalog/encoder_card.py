"""The card beside an encoder's files; with it the encoder becomes a model of the MLflow run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from pimc.catalog.own_folder import check_own
from pimc.data.atomic import replace_text

CARD = "README.md"


class EncoderCard(AbstractDataset[str, str]):
    """``README.md`` in ``path``, the folder of an encoder that was saved before.

    Where a run is active the folder is logged as a model, card and all
    (``pimc.catalog.logged_encoder``), and registered where ``registered`` names a model. An empty
    card is none: there is no encoder. Where ``workspace`` names the folder of the environment's
    own models, none is written elsewhere.
    """

    def __init__(
        self,
        path: str,
        registered: str | None = None,
        workspace: str | None = None,
        metadata: dict[str, Any] | None = None,
    ):
        self._path, self._registered, self._workspace = Path(path), registered, workspace
        self.metadata = metadata

    def save(self, data: str) -> None:
        """Write the card, and log it and the encoder."""
        check_own(self._path, self._workspace)
        if not data:
            (self._path / CARD).unlink(missing_ok=True)
            return
        import mlflow

        replace_text(self._path / CARD, data)
        if mlflow.active_run():
            from pimc.catalog.logged_encoder import log_encoder

            mlflow.log_artifact(str(self._path / CARD), f"encoders/{self._path.name}")
            log_encoder(self._path, self._registered)

    def load(self) -> str:
        """The card."""
        return (self._path / CARD).read_text()

    def _exists(self) -> bool:
        return (self._path / CARD).exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
