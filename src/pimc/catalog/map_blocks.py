"""Where a map's blocks lie and are made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pimc.catalog.read_only import ReadOnly
from pimc.compute.options import ComputeOptions
from pimc.mapping.blocks import BlockPlace


class MapBlocks(ReadOnly[BlockPlace]):
    """A folder of blocks, one file each, which are made where ``compute`` says.

    The options of ``compute`` are those of ``pimc.compute.options.ComputeOptions``.
    """

    because = "a folder, whose files are private to the map"

    def __init__(
        self,
        path: str,
        compute: Mapping[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ):
        self._place = BlockPlace(Path(path), ComputeOptions(**(compute or {})))
        self.metadata = metadata

    def load(self) -> BlockPlace:
        """The folder, which need not exist yet."""
        return self._place

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._place.folder)}
