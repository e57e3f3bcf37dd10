"""PASTIS's ``metadata.geojson``: one checked record a patch, images unread."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.dates import check_days, written_days
from pimc.data.folds import FOLDS
from pimc.data.json_file import parse_json
from pimc.data.patch import Georeference

PIXEL = 10.0
"""Metres a side of a pixel."""

FEET = 3.28
"""In a metre."""

LAMBERT_93 = "EPSG:2154"
"""CRS of the release's geometries."""


FRANCE = ((-0.1e6, 1.4e6), (5.9e6, 7.3e6))
"""Eastings and northings of France in Lambert-93, generously."""


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
    expected, remedy = "a GeoJSON FeatureCollection as released", "download it again"
    collection = parse_json(path, expected, remedy)
    try:
        features = [dict(feature) for feature in collection["features"]]
        crs = (collection.get("crs") or {}).get("properties", {}).get("name", LAMBERT_93)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: expected {expected}, got {error!r}; {remedy}") from error
    records = [_record(feature, path) for feature in features]
    seen: set[str] = set()
    for record in records:
        if record.patch_id in seen:
            raise ValueError(f"{path}: patch {record.patch_id} is there twice; remove one feature")
        seen.add(record.patch_id)
    return records, str(crs).replace("urn:ogc:def:crs:EPSG::", "EPSG:")


def _record(feature: Mapping[str, Any], path: Path) -> PastisRecord:
    properties = feature.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise ValueError(f"{path}: expected properties by name, got {str(properties)[:80]!r}")
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
        corners=_corners(feature.get("geometry"), f"{path}, patch {patch_id}"),
    )


def _days(dates: Any, patch_id: str, path: Path) -> tuple[str, ...]:  # noqa: ANN401
    """Dates as ISO strings, from ``{"0": 20180924, ...}``, a list, or the JSON text of one."""
    where = f"{path}, patch {patch_id}"
    try:
        given = json.loads(dates) if isinstance(dates, str) else dates
        listed = given if isinstance(given, list) else [given[k] for k in sorted(given, key=int)]
        days = tuple(written_days(np.array(listed, dtype=object), where).astype(str).tolist())
        check_days(np.array(days, dtype="datetime64[D]"), "its dates")
        ordered = np.diff(np.array(days, dtype="datetime64[D]")) > np.timedelta64(0, "D")
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            f'{where}: dates-S2 must be {{"0": YYYYMMDD, ...}} or [YYYYMMDD, ...], got '
            f"{str(dates)[:80]} ({error})"
        ) from error
    if not ordered.all():
        first = int(np.flatnonzero(~ordered)[0])
        raise ValueError(
            f"{where}: dates-S2 must increase strictly, but date {first + 1} ({days[first + 1]}) "
            f"does not follow date {first} ({days[first]})"
        )
    return days


def _corners(
    geometry: Mapping[str, Any] | None, where: str
) -> tuple[tuple[float, float], ...] | None:
    """North-west, north-east and south-west corners of a (slightly turned) square.

    The squares lie along the UTM grid of their tile, so in Lambert-93 they are turned by a few
    degrees: far less than the 45 at which the corners would change their names.

    Raises:
        ValueError: for a geometry that is no polygon of finite coordinates.
    """
    if not geometry:
        return None
    try:
        rings = geometry["coordinates"]
        ring = rings[0][0] if geometry["type"] == "MultiPolygon" else rings[0]
        if any(isinstance(value, str) for point in ring for value in point):
            raise TypeError("coordinates that are texts")
        x, y = np.array(ring, dtype=float)[:, :2].T
        if len(x) < 4 or not np.isfinite([x, y]).all():
            raise ValueError(f"a ring of {len(x)} points, not all of them finite, or too few")
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ValueError(
            f"{where}: expected the geometry of a Polygon or MultiPolygon in metres, got "
            f"{str(geometry)[:80]} ({error!r}); use the file of the release"
        ) from error
    chosen = (np.argmax(y - x), np.argmax(x + y), np.argmin(x + y))
    return tuple((float(x[k]), float(y[k])) for k in chosen)


def ground_of(records: Iterable[PastisRecord], crs: str) -> dict[str, Ground]:
    """Place, origin and georeference of each patch, by patch id.

    Origins count 10 m pixels along the axes of the tile's first patch, from the north-western
    most patch of the tile. A patch without geometry has a grid, so a place, of its own.

    Raises:
        ValueError: the CRS is unknown, or it or the geometries are not in metres.
    """
    records = list(records)
    wkt = _metric_crs(crs)
    _check_metres(records)
    if crs == LAMBERT_93:
        _check_lambert(records)
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


def _metric_crs(crs: str) -> str:
    """The CRS as WKT.

    Raises:
        ValueError: unknown, or not in metres.
    """
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    wanted = f"metadata.geojson: expected geometries in metres ({LAMBERT_93}), got {crs}"
    try:
        system = CRS.from_user_input(crs)
    except CRSError as error:
        raise ValueError(f"{wanted}, which is no known CRS ({error})") from error
    if not system.is_projected or system.linear_units_factor[1] != 1:
        unit = system.linear_units if system.is_projected else "degrees"
        raise ValueError(f"{wanted}, whose unit is {unit}; use the file of the release")
    return str(system.to_wkt())


def _check_metres(records: Iterable[PastisRecord]) -> None:
    """Refuse geometries that are longitudes and latitudes, as RFC 7946 writes GeoJSON.

    Raises:
        ValueError: the first patch that lies in degrees.
    """
    for record in records:
        if record.corners is None:
            continue
        corners = np.array(record.corners)
        where = f"metadata.geojson, patch {record.patch_id}: expected geometries in metres"
        if (np.abs(corners) <= (180, 90)).all():
            raise ValueError(
                f"{where} ({LAMBERT_93}), got {corners[0, 0]:g}, {corners[0, 1]:g}: they look like "
                f"degrees (RFC 7946); use the file of the release, or `ogr2ogr -t_srs {LAMBERT_93}`"
            )
        if (np.abs(corners[1:] - corners[0]).max(axis=1) < PIXEL).any():
            raise ValueError(f"{where}, got a square of less than a pixel ({PIXEL:g} m)")


def _check_lambert(records: Iterable[PastisRecord]) -> None:
    """Refuse geometries that lie outside France in Lambert-93, which a file without crs is in.

    Raises:
        ValueError: the first such patch.
    """
    for record in records:
        if record.corners is None:
            continue
        east, north = record.corners[0]
        if not all(low <= x <= high for x, (low, high) in zip((east, north), FRANCE, strict=True)):
            swapped = FRANCE[0][0] <= north <= FRANCE[0][1] and FRANCE[1][0] <= east <= FRANCE[1][1]
            raise ValueError(
                f"metadata.geojson, patch {record.patch_id}: {east:.7g}, {north:.7g} lie outside "
                f"France in {LAMBERT_93}: "
                + ("its axes are swapped" if swapped else "the crs member must state another CRS")
                + "; use the file of the release"
            )


def check_size(record: PastisRecord, rows: int, cols: int) -> None:
    """Refuse a geometry that is not as large as the images.

    Raises:
        ValueError: both sizes, and the unit in which they would agree.
    """
    if record.corners is None:
        return
    corners = np.array(record.corners)
    sides = np.hypot(*(corners[1:] - corners[0]).T)
    ratio = sides / (np.array([cols, rows]) * PIXEL)
    # Lambert-93 stretches by 0.2 %, UTM by less
    if (np.abs(ratio - 1) < 0.02).all():
        return
    hint = "its unit or CRS is not the one stated"
    if (np.abs(ratio - FEET) < 0.1).all():
        hint = "it looks like feet"
    elif np.ptp(ratio) < 0.02 and 1 < ratio[0] < 3:
        hint = "it looks like Web Mercator, which stretches"
    raise ValueError(
        f"metadata.geojson, patch {record.patch_id}: the geometry measures {sides[0]:.6g} x "
        f"{sides[1]:.6g}, but {cols} x {rows} pixels of {PIXEL:g} m are {cols * PIXEL:g} x "
        f"{rows * PIXEL:g}: {hint}; expected metres ({LAMBERT_93}), use the file of the release"
    )


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
