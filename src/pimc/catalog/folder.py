"""A folder of the workspace for a node's private files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class Folder(AbstractDataset[NoReturn, Path]):
    """Loads as the absolute path of a folder, which need not exist yet.

    In the catalog, and not a parameter, because Kedro makes a relative ``path`` start at the
    project wherever the command is typed.
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None):
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> Path:
        """The path."""
        return self._path

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: what lies in the folder is private to the node."""
        raise DatasetError(f"{self._path} is a folder, which no node returns")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
