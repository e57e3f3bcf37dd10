"""Kedro datasets for the time series of images: the type says where they come from.

All load to ``{patch id: PatchSource}``: metadata is read and checked, images wait until their
source is called. Raw data are never written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

from kedro.io import AbstractDataset, DatasetError

from pimc.data.cube.scenes import CubeOptions, cube_scenes
from pimc.data.pastis.scenes import PastisOptions, pastis_scenes
from pimc.data.patch import PatchSource
from pimc.data.points.options import PointOptions
from pimc.data.points.scenes import point_scenes
from pimc.data.simulation.scenes import SimulationOptions, simulate_scenes
from pimc.data.stac.scenes import StacOptions, stac_scenes
from pimc.data.stack.scenes import StackOptions, stack_scenes

Options = TypeVar("Options")


def build_options(
    kind: type[Options], given: Mapping[str, Any], source: str, **fixed: object
) -> Options:
    """Options of a reader from YAML: its lists become tuples.

    Args:
        kind: the options' frozen dataclass.
        given: as written in the catalog.
        source: of the scenes, for messages.
        fixed: options that are not among those in the catalog, such as the path.

    Raises:
        ValueError: an option that the reader does not have, or a value that it refuses.
    """
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(given.keys() - (names - fixed.keys()))
    if unknown:
        raise ValueError(
            f"{source} scenes have no option {', '.join(unknown)}; "
            f"they have {', '.join(sorted(names - fixed.keys()))}"
        )
    values = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return kind(**values, **fixed)


class _Scenes(AbstractDataset[NoReturn, dict[str, PatchSource]]):
    """What all sources share: reading only, and a description that names the source."""

    source: ClassVar[str]

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: scenes are raw data."""
        raise DatasetError(f"{type(self).__name__} is raw data, which is only read")


class _FileScenes(_Scenes):
    """Scenes of a folder or file; ``options`` are those of its reader.

    ``path``, and not another name, because Kedro makes a relative ``path`` start at the project.
    """

    kind: ClassVar[type]

    def __init__(self, path: str, metadata: dict[str, Any] | None = None, **options: object):
        self._path = Path(path)
        self._options: Any = build_options(self.kind, options, self.source, path=path)
        self.metadata = metadata

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"source": self.source, "root": str(self._path)}


class PastisScenes(_FileScenes):
    """Scenes of a PASTIS or PASTIS-R folder as released (options: ``PastisOptions``).

    ```yaml
    scenes:
      type: pimc.catalog.scenes.PastisScenes
      path: data/01_raw/PASTIS
      folds: [1, 4]
      limit: 40
    ```
    """

    source = "pastis"
    kind = PastisOptions

    def load(self) -> dict[str, PatchSource]:
        """Check metadata and file headers; images stay in their files."""
        return dict(pastis_scenes(self._options))


class StackScenes(_FileScenes):
    """Scenes of the user's own folders of dated GeoTIFFs (options: ``StackOptions``).

    ```yaml
    scenes:
      type: pimc.catalog.scenes.StackScenes
      path: data/01_raw/stack
      bands: [B02, B03, B04, B08]
      offset: {my_place: -1000}
    ```
    """

    source = "stack"
    kind = StackOptions

    def load(self) -> dict[str, PatchSource]:
        """Check the headers of all files; images stay in them."""
        return dict(stack_scenes(self._options))


class CubeScenes(_FileScenes):
    """Scenes of NetCDF and Zarr cubes (options: ``CubeOptions``); needs the extra ``cube``.

    ```yaml
    scenes:
      type: pimc.catalog.scenes.CubeScenes
      path: data/01_raw/cubes
      bands: [B02, B03, B04, B08]
      crs: EPSG:32631
    ```
    """

    source = "cube"
    kind = CubeOptions

    def load(self) -> dict[str, PatchSource]:
        """Check coordinates and attributes of all cubes; images stay in them."""
        return dict(cube_scenes(self._options))


class StacScenes(_FileScenes):
    """Scenes of STAC items, saved or searched (options: ``StacOptions``); needs the extra ``stac``.

    ```yaml
    scenes:
      type: pimc.catalog.scenes.StacScenes
      path: data/01_raw/stac/my_place.json
      url: https://earth-search.aws.element84.com/v1
      collection: sentinel-2-l2a
      bbox: [11.0, 47.9, 11.1, 48.0]
      dates: 2021-05-01/2021-10-31
    ```
    """

    source = "stac"
    kind = StacOptions

    def load(self) -> dict[str, PatchSource]:
        """Search where the items are not there yet, and read their files' headers."""
        return dict(stac_scenes(self._options))

    def _exists(self) -> bool:
        return self._path.exists() or self._options.url is not None


class PointScenes(_FileScenes):
    """Scenes of labelled pixel series without images (options: ``PointOptions``).

    ```yaml
    scenes:
      type: pimc.catalog.scenes.PointScenes
      path: data/01_raw/points.csv
      classes: [corn, rice]
      columns: {id: parcel, date: day, lon: x, lat: y, B04: red, B08: nir, quality: scl}
      scale: 10000
    ```
    """

    source = "points"
    kind = PointOptions

    def load(self) -> dict[str, PatchSource]:
        """Read the table; its blocks become patches when they are called."""
        return dict(point_scenes(self._options))


class SimulatedScenes(_Scenes):
    """Scenes that the simulation makes from a seed (options: ``SimulationOptions``).

    ```yaml
    scenes:
      type: pimc.catalog.scenes.SimulatedScenes
      patches: 12
    ```
    """

    source = "simulated"

    def __init__(self, metadata: dict[str, Any] | None = None, **options: object):
        self._options = build_options(SimulationOptions, options, self.source)
        self.metadata = metadata

    def load(self) -> dict[str, PatchSource]:
        """Scenes that are made when they are called."""
        return dict(simulate_scenes(self._options))

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"source": self.source, **asdict(self._options)}
