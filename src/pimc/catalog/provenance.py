"""Which code makes what is being made, and on which day."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path
from typing import Any

from pimc import __version__
from pimc.catalog.read_only import ReadOnly
from pimc.report.leaderboard.page import Provenance


class ProjectState(ReadOnly[Provenance]):
    """Version, commit and day, asked when it is loaded.

    In the catalog, so that nodes stay functions of their inputs.
    """

    because = "the state of the project, which is asked, not saved"

    def __init__(self, path: str, metadata: dict[str, Any] | None = None):
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> Provenance:
        """The state of the project in ``path``."""
        return Provenance(__version__, git_commit(self._path), date.today().isoformat())

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def git_commit(project: Path) -> str:
    """Commit of a folder, 40 digits, ``-dirty`` where tracked files differ; "" without git."""
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        answer = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()
