"""Cubes of places as patches."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pimc.data.cube.files import find_cubes
from pimc.data.cube.layers import read_cube
from pimc.data.stack.offsets import check_places
from pimc.data.stack.options import SceneOptions
from pimc.data.stack.place import Place, make_place
from pimc.data.stack.scenes import StackPatch, place_scenes
from pimc.data.stack.settling import Reading
from pimc.data.stack.statements import FolderMetadata, read_folder

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CubeOptions(SceneOptions):
    """How to read cubes; their path is a cube, a folder of cubes, or a folder of such folders.

    Attributes:
        band_names: band by what the cube calls it (a variable, or a step of its dimension of
            bands): ``{Band1: B02}``; null leaves one alone. Others keep their own names.
        crs: of cubes that state none, such as EPSG:32631.
        grid: of a place whose cubes differ: ``refuse``, or ``first`` (that of the first date).
    """

    band_names: Mapping[str, str | None] | None = None
    crs: str | None = None
    grid: str = "refuse"

    def __post_init__(self) -> None:
        """Check each option by itself."""
        super().__post_init__()
        if self.grid not in ("refuse", "first"):
            raise ValueError(f"grid must be refuse or first, got {self.grid!r}")
        if self.band_names is not None and not isinstance(self.band_names, Mapping):
            raise ValueError(
                "band_names must be a mapping by what the cube calls its bands, such as "
                f"{{Band1: B02}}, got {self.band_names}"
            )

    @property
    def reading(self) -> Reading:
        """What to read from the cubes of each place."""
        return replace(super().reading, grid=self.grid)


def cube_scenes(options: CubeOptions) -> dict[str, StackPatch]:
    """The patches of every place, unread.

    Coordinates and attributes of all cubes are checked here, and a few pixels of each date tell
    which are empty.

    Raises:
        FileNotFoundError: no cube there.
        ImportError: the extra ``cube`` is not installed.
        ValueError: a band missing, another grid, too few dates, or ground too small to split.
    """
    return place_scenes(cube_places(options), options)


def cube_places(options: CubeOptions) -> list[Place]:
    """Every place, its images unread (``cube_scenes`` says what is refused)."""
    found = find_cubes(Path(options.path))
    check_places(options.offset, found)
    return [_open(name, paths, options) for name, paths in found.items()]


def _open(name: str, paths: Sequence[Path], options: CubeOptions) -> Place:
    read = {path: read_cube(path, options.band_names, options.crs) for path in paths}
    layers = [layer for found, _ in read.values() for layer in found]

    def metadata(path: Path) -> FolderMetadata:
        return read[path][1] if path in read else read_folder(path)

    return make_place(name, layers, paths[0].parent, options.reading, metadata)
