"""STAC items of places as patches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pimc.data.regular_file import told
from pimc.data.stac.assets import make_layers, read_headers
from pimc.data.stac.grid import choose_grid
from pimc.data.stac.items import Asset, find_assets, find_collections, read_items
from pimc.data.stac.search import Search, search_once
from pimc.data.stack.bands import DATA_MASK, STAND_INS, is_reflectance
from pimc.data.stack.masks import MASKS
from pimc.data.stack.offsets import check_places
from pimc.data.stack.options import SceneOptions
from pimc.data.stack.place import Place, make_place
from pimc.data.stack.scenes import StackPatch, place_scenes
from pimc.data.stack.statements import FolderMetadata, read_folder


@dataclass(frozen=True)
class StacOptions(SceneOptions):
    """How to read STAC items; their path is a saved ItemCollection, or a folder of such files.

    Attributes:
        url: of a STAC API to search; the path is then where its items are kept, and where they are
            kept already nothing is searched. None reads the path alone.
        collection: to search.
        bbox: west, south, east and north in degrees, to search and to load; None loads all.
        dates: first and last day to search, ``2021-05-01/2021-10-31``.
        query: conditions on properties to search, or None.
        crs: to load to (EPSG:32631); None takes the one that most files have.
        resolution: to load at, in units of the CRS; None takes the finest of the bands.
    """

    url: str | None = None
    collection: str | None = None
    bbox: tuple[float, ...] | None = None
    dates: str | None = None
    query: Mapping[str, Any] | None = None
    crs: str | None = None
    resolution: float | None = None

    def __post_init__(self) -> None:
        """Check each option by itself."""
        super().__post_init__()
        needed = {"collection": self.collection, "bbox": self.bbox, "dates": self.dates}
        absent = [name for name, value in needed.items() if value is None]
        if self.url is not None and absent:
            raise ValueError(f"a search at {self.url} needs {', '.join(absent)}")
        if self.bbox is not None and not _is_box(self.bbox):
            raise ValueError(
                f"bbox must be west, south, east and north in degrees, got {list(self.bbox)}"
            )
        if self.resolution is not None and not self.resolution > 0:
            raise ValueError(f"resolution must be above 0, got {self.resolution}")

    @property
    def search(self) -> Search | None:
        """What to search, or None."""
        if self.url is None:
            return None
        return Search(**{each.name: getattr(self, each.name) for each in fields(Search)})


def _is_box(bbox: tuple[float, ...]) -> bool:
    if len(bbox) != 4:
        return False
    west, south, east, north = bbox
    return -180 <= west < east <= 180 and -90 <= south < north <= 90


def stac_scenes(options: StacOptions) -> dict[str, StackPatch]:
    """The patches of every place, unread.

    The headers of all files are read here, and a few pixels of each tell which dates are empty.

    Raises:
        FileNotFoundError: no saved items, and no search.
        ImportError: the extra ``stac`` is not installed.
        ValueError: a band missing, a file that cannot be opened, too few dates, or ground too small
            to split.
    """
    return place_scenes(stac_places(options), options)


def stac_places(options: StacOptions) -> list[Place]:
    """Every place, its images unread (``stac_scenes`` says what is refused)."""
    _check_installed()
    path = Path(options.path)
    if options.search is not None:
        search_once(options.search, path)
    found = find_collections(path)
    check_places(options.offset, found)
    return [_open(name, each, options) for name, each in found.items()]


def _check_installed() -> None:
    try:
        import odc.stac  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f'STAC items are loaded by odc-stac ({error}): pip install -e ".[stac]"'
        ) from error


def _open(name: str, path: Path, options: StacOptions) -> Place:
    items = read_items(path)
    names = _names(options)
    assets: list[Asset] = []
    for at, item in items.items():
        with told(at, "an item as STAC describes it", "save it again"):
            assets += find_assets(at, item, names)
    headers = read_headers(assets)
    reflectance = [header for header in headers if is_reflectance(header.asset.name)]
    if not reflectance:
        keys = sorted({key for item in items.values() for key in item["assets"]})
        raise ValueError(
            f"{path}: no asset is a band of {', '.join(options.bands)}; assets are "
            f"{', '.join(keys[:20])}"
        )
    grid = choose_grid(reflectance, options.crs, options.resolution, options.bbox)
    layers = make_layers(headers, grid, options.resampling)

    def metadata(folder: Path) -> FolderMetadata:
        if folder in items:
            return FolderMetadata((), (("its item", items[folder]),))
        return read_folder(folder)

    return make_place(name, layers, path, options.reading, metadata)


def _names(options: StacOptions) -> set[str]:
    """Bands that are opened: those wanted, those that may stand in, and masks."""
    masks = () if options.mask is None else MASKS if options.mask == "auto" else (options.mask,)
    stand_ins = {STAND_INS[band] for band in options.bands if band in STAND_INS}
    return {*options.bands, *stand_ins, *masks, DATA_MASK}
