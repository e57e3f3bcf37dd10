"""What another environment has made is read, and never written."""

from __future__ import annotations

from pathlib import Path

from kedro.io import DatasetError


def check_own(folder: Path, workspace: str | None) -> None:
    """Refuse to write another environment's encoder, or beside it.

    Args:
        folder: of the encoder.
        workspace: name of the folder of the environment's own models; None for any.

    Raises:
        DatasetError: naming the folder.
    """
    if workspace not in (None, folder.parent.name):
        raise DatasetError(
            f"{folder} does not lie in a folder {workspace}: this environment reads "
            "that encoder, and must not train over it; train in the environment it belongs to, "
            "or without --params=encoder"
        )
