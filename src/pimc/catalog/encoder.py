"""Encoders in the catalog: a folder of safetensors and JSON, and an artifact of the MLflow run."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from pimc.catalog.encoder_card import CARD
from pimc.catalog.own_folder import check_own

if TYPE_CHECKING:
    from pimc.model.encoders import ImageEncoder, SeriesEncoder

    Encoder = SeriesEncoder | ImageEncoder

logger = logging.getLogger(__name__)


class NoEncoder:
    """What a node returns that has trained no such encoder: Kedro does not save None."""


NO_ENCODER = NoEncoder()


class EncoderFolder(
    AbstractDataset[
        "SeriesEncoder | ImageEncoder | NoEncoder", "SeriesEncoder | ImageEncoder | None"
    ]
):
    """One encoder as ``weights.safetensors`` and ``encoder.json`` in ``path``.

    Without Kedro: ``pimc.model.storage.load_encoder(path)``.

    An ``optional`` encoder that is not there loads as None: a task then leaves out the arms that
    need it. Saving ``NO_ENCODER`` takes one away that lies there: it would pass for a part of the
    new run. Where ``workspace`` names the folder of the environment's own models, an encoder that
    does not lie in a folder of that name is another environment's: it is read and never written.
    """

    def __init__(
        self,
        path: str,
        optional: bool = False,
        workspace: str | None = None,
        metadata: dict[str, Any] | None = None,
    ):
        self._path, self._optional, self._workspace = Path(path), optional, workspace
        self._removed = False
        self.metadata = metadata

    def check_own(self) -> None:
        """Refuse to write another environment's encoder.

        Raises:
            DatasetError: naming the folder.
        """
        check_own(self._path, self._workspace)

    def save(self, data: Encoder | NoEncoder) -> None:
        """Write the encoder and log the folder to the active MLflow run, if there is one."""
        self.check_own()
        if isinstance(data, NoEncoder):
            self._remove()
            return
        import mlflow

        from pimc.model.storage import save_encoder

        (self._path / CARD).unlink(missing_ok=True)  # it is of the encoder that lay here
        save_encoder(data, self._path)
        if mlflow.active_run():
            mlflow.log_artifacts(str(self._path), artifact_path=f"encoders/{self._path.name}")

    def load(self) -> Encoder | None:
        """The encoder on the CPU, in evaluation mode; None if it is optional and not there."""
        if self._optional and not self._exists():
            if not self._removed:  # else it has been said
                logger.warning("no encoder in %s", self._path)
            return None
        from pimc.model.storage import load_encoder

        return load_encoder(self._path)

    def preview(self) -> JSONPreview:
        """What the encoder reads and how large it is, for kedro-viz."""
        stored = json.loads((self._path / "encoder.json").read_text())
        config = dict(stored["config"])
        config["trained_on"] = f"{len(config['trained_on'] or ())} patches"
        return JSONPreview(json.dumps({**stored, "config": config}))

    def _remove(self) -> None:
        from pimc.model.storage import CONFIG, WEIGHTS

        self._removed = True
        if self._exists():
            logger.warning("the run trained no such encoder: removing that of %s", self._path)
        # the configuration first: a folder without it holds no encoder
        for name in (CONFIG, WEIGHTS, CARD):
            (self._path / name).unlink(missing_ok=True)

    def _exists(self) -> bool:
        return (self._path / "encoder.json").exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
