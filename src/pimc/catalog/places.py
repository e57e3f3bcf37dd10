"""Kedro datasets of places that are mapped, and of encoders that may map them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kedro.io import DatasetError

from pimc.catalog.read_only import ReadOnly
from pimc.catalog.scenes import build_options
from pimc.data.cube.scenes import CubeOptions, cube_places
from pimc.data.stac.scenes import StacOptions, stac_places
from pimc.data.stack.place import Place
from pimc.data.stack.scenes import StackOptions, stack_places
from pimc.mapping.choice import Candidate
from pimc.mapping.source import PlaceSource

if TYPE_CHECKING:
    from pimc.model.encoders import SeriesEncoder


class NoPlaces(ReadOnly[PlaceSource]):
    """Of an environment that has no images with a grid."""

    because = "absent here"

    def __init__(self, metadata: dict[str, Any] | None = None):
        self.metadata = metadata

    def load(self) -> PlaceSource:
        """Refuse, and say which environments have some.

        Raises:
            DatasetError: always.
        """
        raise DatasetError(
            "this environment has no images to map: name one of yours, as in kedro run --env=stack "
            "--pipeline=map --params=root=/my/tiffs (or --env=cube, --env=stac; docs/maps.md)"
        )

    def _exists(self) -> bool:
        return False

    def _describe(self) -> dict[str, Any]:
        return {}


class _Places(ReadOnly[PlaceSource]):
    """Places of a folder or file; ``options`` are those of its scenes."""

    because = "raw data"
    source: ClassVar[str]
    kind: ClassVar[type]
    read: ClassVar[staticmethod[..., list[Place]]]

    def __init__(self, path: str, metadata: dict[str, Any] | None = None, **options: object):
        self._path = Path(path)
        self._options: Any = build_options(self.kind, options, self.source, path=path)
        self.metadata = metadata

    def load(self) -> PlaceSource:
        """The places, unread."""
        return PlaceSource(self._options, type(self).read)

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"source": self.source, "root": str(self._path)}


class StackPlaces(_Places):
    """Places of folders of dated GeoTIFFs (options: ``StackOptions``)."""

    source = "stack"
    kind = StackOptions
    read = staticmethod(stack_places)


class CubePlaces(_Places):
    """Places of cubes (options: ``CubeOptions``)."""

    source = "cube"
    kind = CubeOptions
    read = staticmethod(cube_places)


class StacPlaces(_Places):
    """Places of STAC items (options: ``StacOptions``)."""

    source = "stac"
    kind = StacOptions
    read = staticmethod(stac_places)


class MapEncoders(ReadOnly[list[Candidate]]):
    """Encoders of series that may map, in the order in which they are tried.

    The one that ``path`` names, a folder or ``shipped``; without a path that of the workspace
    (``own``), where there is one, then those that come with the package.
    """

    because = "encoders that others have made"

    def __init__(self, own: str, path: str | None = None, metadata: dict[str, Any] | None = None):
        self._own, self._path = Path(own), path
        self.metadata = metadata

    def load(self) -> list[Candidate]:
        """None of them read yet."""
        if self._path is not None and self._path != SHIPPED:
            return [Candidate(self._path, partial(_load, Path(self._path)))]
        own = [Candidate(f"the encoder of {self._own}", partial(_load, self._own))]
        has_own = self._path is None and (self._own / "encoder.json").exists()
        return [*(own if has_own else []), *_shipped()]

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"encoder": self._path, "own": str(self._own)}


SHIPPED = "shipped"


def _shipped() -> list[Candidate]:
    from pimc.model.shipped import SPECTRA

    return [
        Candidate(f"the encoder of the package for {name.replace('_', ' ')}", _of(name))
        for name in SPECTRA
    ]


def _of(name: str) -> Callable[[], SeriesEncoder]:
    from pimc.model.shipped import load_shipped

    return partial(load_shipped, name)


def _load(folder: Path) -> SeriesEncoder:
    from pimc.model.encoders import SeriesEncoder
    from pimc.model.storage import load_encoder

    encoder = load_encoder(folder)
    if not isinstance(encoder, SeriesEncoder):
        raise ValueError(
            f"{folder}: a map needs an encoder of series, got one of {encoder.kind}; name the "
            "folder series_encoder"
        )
    return encoder
