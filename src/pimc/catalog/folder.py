"""A folder of the workspace for a node's private files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pimc.catalog.read_only import ReadOnly


class Folder(ReadOnly[Path]):
    """Loads as the absolute path of a folder, which need not exist yet.

    In the catalog, and not a parameter, because Kedro makes a relative ``path`` start at the
    project wherever the command is typed.
    """

    because = "a folder, whose files are private to the node that reads it"

    def __init__(self, path: str, metadata: dict[str, Any] | None = None):
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> Path:
        """The path."""
        return self._path

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
