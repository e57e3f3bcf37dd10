"""PASTIS's ``metadata.geojson``: one checked record a patch, images unread."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.folds import FOLDS
from pimc.data.patch import Georeference

PIXEL = 10.0
"""Metres a side of a pixel."""

LAMBERT_93 = "EPSG:2154"
"""CRS of the release's geometries."""


@dataclass(frozen=True)
class PastisRecord:
    """What the metadata says of one patch.

    Attributes:
        patch_id: ``ID_PATCH``.
        fold: official fold, 1..5.
        tile: ``TILE``, the Sentinel-2 tile that the patch was cut from.
        days: acquisition dates as ISO strings, strictly increasing.
        corners: (easting, northing) of the north-west, north-east and south-west corners in the
            CRS of the metadata; None where the feature has no geometry.
    """

    patch_id: str
    fold: int
    tile: str
    days: tuple[str, ...]
    corners: tuple[tuple[float, float], ...] | None

    @property
    def dates(self) -> np.ndarray:
        """T, datetime64[D]."""
        return np.array(self.days, dtype="datetime64[D]")


@dataclass(frozen=True)
class Ground:
    """Where a patch lies: its place, the origin in the grid of the place, its georeference."""

    place: str
    origin: tuple[int, int]
    georeference: Georeference | None


def read_metadata(path: Path) -> tuple[list[PastisRecord], str]:
    """Read and check every feature of ``metadata.geojson``.

    Returns:
        The records in the file's order, and the CRS of their corners (e.g. ``EPSG:2154``).

    Raises:
        ValueError: not JSON, a property missing or malformed, a fold outside 1..5, unsorted
            dates, or two features of one patch.
    """
    try:
        collection = json.loads(path.read_text(encoding="utf-8"))
        features = collection["features"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: expected a GeoJSON FeatureCollection, got {error!r}") from error
    records = [_record(feature, path) for feature in features]
    seen: set[str] = set()
    for record in records:
        if record.patch_id in seen:
            raise ValueError(f"{path}: patch {record.patch_id} is there twice; remove one feature")
        seen.add(record.patch_id)
    crs = (collection.get("crs") or {}).get("properties", {}).get("name", LAMBERT_93)
    return records, crs.replace("urn:ogc:def:crs:EPSG::", "EPSG:")


def _record(feature: Mapping[str, Any], path: Path) -> PastisRecord:
    properties = feature.get("properties") or {}
    missing = [key for key in ("ID_PATCH", "Fold", "TILE", "dates-S2") if key not in properties]
    if missing:
        raise ValueError(
            f"{path}: patch {properties.get('ID_PATCH', '?')} has no {', '.join(missing)}; "
            f"its properties are {', '.join(properties)}"
        )
    patch_id = str(properties["ID_PATCH"])
    # releases differ: 3 or "3"
    fold = str(properties["Fold"])
    if fold not in map(str, FOLDS):
        raise ValueError(f"fold must be 1..5, got {fold} in {path}, patch {patch_id}")
    return PastisRecord(
        patch_id=patch_id,
        fold=int(fold),
        tile=str(properties["TILE"]),
        days=_days(properties["dates-S2"], patch_id, path),
        corners=_corners(feature.get("geometry")),
    )


def _days(dates: Mapping[str, Any] | str, patch_id: str, path: Path) -> tuple[str, ...]:
    """Dates as ISO strings, from ``{"0": 20180924, ...}`` or the JSON text of that object."""
    where = f"{path}, patch {patch_id}"
    try:
        given: Mapping[str, Any] = json.loads(dates) if isinstance(dates, str) else dates
        numbers = [str(given[key]) for key in sorted(given, key=int)]
        days = tuple(f"{day[:4]}-{day[4:6]}-{day[6:8]}" for day in numbers)
        ordered = np.diff(np.array(days, dtype="datetime64[D]")) > np.timedelta64(0, "D")
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            f'{where}: dates-S2 must be {{"0": YYYYMMDD, ...}}, got {str(dates)[:80]} ({error})'
        ) from error
    if not ordered.all():
        first = int(np.flatnonzero(~ordered)[0])
        raise ValueError(
            f"{where}: dates-S2 must increase strictly, but date {first + 1} ({days[first + 1]}) "
            f"does not follow date {first} ({days[first]})"
        )
    return days


def _corners(
    geometry: Mapping[str, Any] | None,
) -> tuple[tuple[float, float], ...] | None:
    """North-west, north-east and south-west corners of a (slightly turned) square.

    The squares lie along the UTM grid of their tile, so in Lambert-93 they are turned by a few
    degrees: far less than the 45 at which the corners would change their names.
    """
    if not geometry:
        return None
    rings = geometry["coordinates"]
    ring = rings[0][0] if geometry["type"] == "MultiPolygon" else rings[0]
    x, y = np.array(ring, dtype=float)[:, :2].T
    chosen = (np.argmax(y - x), np.argmax(x + y), np.argmin(x + y))
    return tuple((float(x[k]), float(y[k])) for k in chosen)


def ground_of(records: Iterable[PastisRecord], crs: str) -> dict[str, Ground]:
    """Place, origin and georeference of each patch, by patch id.

    Origins count 10 m pixels along the axes of the tile's first patch, from the north-western
    most patch of the tile. A patch without geometry has a grid, so a place, of its own.

    Raises:
        ValueError: the CRS is unknown, or not in metres.
    """
    from rasterio.crs import CRS

    system = CRS.from_user_input(crs)
    if not system.is_projected:
        raise ValueError(
            f"metadata.geojson: expected geometries in metres ({LAMBERT_93}), got {crs}; "
            "use the file of the release"
        )
    wkt = system.to_wkt()
    tiles: dict[str, list[PastisRecord]] = {}
    ground = {}
    for record in records:
        if record.corners is None:
            ground[record.patch_id] = Ground(f"{record.tile}_{record.patch_id}", (0, 0), None)
        else:
            tiles.setdefault(record.tile, []).append(record)
    for tile, members in tiles.items():
        origins = _origins(np.array([record.corners for record in members]))
        for record, (row, col) in zip(members, origins.tolist(), strict=True):
            reference = Georeference(wkt, _transform(np.array(record.corners)))
            ground[record.patch_id] = Ground(tile, (row, col), reference)
    return ground


def _transform(corners: np.ndarray) -> tuple[float, float, float, float, float, float]:
    """Affine (a, b, c, d, e, f) that takes (col, row) to the corners' coordinates."""
    north_west, north_east, south_west = corners
    # Lambert-93 stretches 1,280 m by up to 2 m, so the pixels are counted and not measured
    cols, rows = np.rint(np.hypot(*(corners[1:] - north_west).T) / PIXEL)
    a, d = ((north_east - north_west) / cols).tolist()
    b, e = ((south_west - north_west) / rows).tolist()
    c, f = north_west.tolist()
    return a, b, c, d, e, f


def _origins(corners: np.ndarray) -> np.ndarray:
    """N x 2 int rows and columns from N x 3 x 2 corners, the least of each at 0."""
    a, b, _, d, e, _ = _transform(corners[0])
    to_pixels = np.linalg.inv(np.array([[a, b], [d, e]]))
    col, row = to_pixels @ corners[:, 0].T
    origins = np.stack([row - row.min(), col - col.min()], axis=1)
    return np.asarray(np.rint(origins).astype(int))
