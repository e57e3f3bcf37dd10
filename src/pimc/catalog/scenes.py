"""Kedro datasets for the time series of images: the type says where they come from.

All load to ``{patch id: PatchSource}``: metadata is read and checked, images wait until their
source is called. Raw data are never written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from kedro_datasets._typing import JSONPreview

from pimc.catalog.read_only import ReadOnly
from pimc.data.cube.scenes import CubeOptions, cube_scenes
from pimc.data.option_check import check_built
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
    built = kind(**values, **fixed)
    check_built(built, f"{source} scenes")
    return built


class _Scenes(ReadOnly[dict[str, PatchSource]]):
    """What all sources share: a reader and its options, and a description that names the source."""

    source: ClassVar[str]
    kind: ClassVar[type]
    read: ClassVar[staticmethod[..., Mapping[str, PatchSource]]]

    _options: Any

    def load(self) -> dict[str, PatchSource]:
        """Read and check metadata; images stay where they are until their source is called."""
        return dict(type(self).read(self._options))

    def preview(self) -> JSONPreview:
        """Source and options, for kedro-viz; nothing is read or searched for a look."""
        return JSONPreview(json.dumps({"source": self.source, "options": repr(self._options)}))


class _FileScenes(_Scenes):
    """Scenes of a folder or file; ``options`` are those of its reader.

    ``path``, and not another name, because Kedro makes a relative ``path`` start at the project.
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None, **options: object):
        self._path = Path(path)
        self._options: Any = build_options(self.kind, options, self.source, path=path)
        self.metadata = metadata

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        labels = getattr(self._options, "labels", None)
        of_labels = {} if labels is None or labels.path is None else {"labels": repr(labels)}
        return {"source": self.source, "root": str(self._path), **of_labels}


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
    read = staticmethod(pastis_scenes)


class StackScenes(_FileScenes):
    """Scenes of the user's own folders of dated GeoTIFFs (options: ``StackOptions``).

    ```yaml
    scenes:
      type: pimc.catalog.scenes.StackScenes
      path: data/01_raw/stack
      bands: [B02, B03, B04, B08]
      offset: {my_place: -1000}
      labels: {path: data/01_raw/fields.gpkg, column: crop}
    ```
    """

    source = "stack"
    kind = StackOptions
    read = staticmethod(stack_scenes)


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
    read = staticmethod(cube_scenes)


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
    read = staticmethod(stac_scenes)

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
    read = staticmethod(point_scenes)


class SimulatedScenes(_Scenes):
    """Scenes that the simulation makes from a seed (options: ``SimulationOptions``).

    ```yaml
    scenes:
      type: pimc.catalog.scenes.SimulatedScenes
      patches: 12
    ```
    """

    source = "simulated"
    kind = SimulationOptions
    read = staticmethod(simulate_scenes)

    def __init__(self, metadata: dict[str, Any] | None = None, **options: object):
        self._options = build_options(self.kind, options, self.source)
        self.metadata = metadata

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"source": self.source, **asdict(self._options)}
