"""Find the dated GeoTIFFs of each place of a stack and check that they share one grid."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pimc.data.fingerprint import FileStamp, file_stamp
from pimc.data.patch import Georeference
from pimc.data.stack.bands import name_bands

logger = logging.getLogger(__name__)

STORED_TYPES = ("int16", "uint16", "int32")
GRID_TOLERANCE = 1e-3
"""Pixels by which two grids may differ anywhere: rounding in the files, not another grid."""


@dataclass(frozen=True)
class Grid:
    """Rows, columns and where they lie: the CRS as WKT (None without one), the transform."""

    shape: tuple[int, int]
    crs: str | None
    transform: tuple[float, float, float, float, float, float]

    def difference(self, other: Grid) -> str | None:
        """What sets the other grid apart, in words; None where the two are one."""
        if self.shape != other.shape:
            return f"{other.shape} rows and columns, not {self.shape}"
        if not _same_crs(self.crs, other.crs):
            return f"CRS {other.crs}, not {self.crs}"
        pixel = max(map(abs, self.transform[:2]))
        rows, cols = self.shape
        # a difference in the size of a pixel adds up over the grid
        reach = (cols, rows, 1, cols, rows, 1)
        apart = np.abs(np.subtract(self.transform, other.transform)) * reach / pixel
        if apart.max() > GRID_TOLERANCE:
            return f"transform {other.transform}, not {self.transform}"
        return None

    def part(self, row: int, col: int) -> Georeference | None:
        """Georeference of the part that begins at a row and column; None without a CRS."""
        if self.crs is None:
            return None
        a, b, c, d, e, f = self.transform
        return Georeference(self.crs, (a, b, c + a * col + b * row, d, e, f + d * col + e * row))


def _same_crs(one: str | None, other: str | None) -> bool:
    """Whether two WKT texts mean one CRS: programs word the same one differently."""
    from rasterio.crs import CRS

    if one is None or other is None or one == other:
        return one == other
    return bool(CRS.from_wkt(one) == CRS.from_wkt(other))


@dataclass(frozen=True)
class Image:
    """One dated GeoTIFF, pixels unread.

    Attributes:
        path: of the file.
        day: acquisition date, ISO.
        bands: names of its bands in file order.
        no_data: its no-data value in each band.
        grid: that it lies on.
        stamp: of the file, for fingerprints.
    """

    path: Path
    day: str
    bands: tuple[str, ...]
    no_data: tuple[float | None, ...]
    grid: Grid
    stamp: FileStamp


def find_places(root: Path, pattern: str) -> dict[str, dict[str, Path]]:
    """Dated GeoTIFFs of each place: ``{place: {ISO date: path}}``, both sorted.

    The root is one place if it holds dated GeoTIFFs itself; otherwise each folder in it that does.

    Raises:
        FileNotFoundError: no such folder, or no dated GeoTIFF in it.
        ValueError: two files of one date.
    """
    if not root.is_dir():
        raise FileNotFoundError(
            f"no stack folder at {root}: point the path to a folder of dated GeoTIFFs "
            "(S2_20210514.tif, ...), or to a folder of such folders, one a place"
        )
    own = _dated_files(root, pattern)
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    if own:
        if folders:
            logger.warning(
                "%s holds dated GeoTIFFs itself, so it is one place; folders left alone: %s",
                root,
                ", ".join(folder.name for folder in folders),
            )
        return {root.resolve().name: own}
    places = {folder.name: _dated_files(folder, pattern) for folder in folders}
    for name in [name for name, files in places.items() if not files]:
        logger.info("%s: no dated GeoTIFF in folder %s, left alone", root, name)
        del places[name]
    if not places:
        raise FileNotFoundError(
            f"no dated GeoTIFF in {root} or its folders: expected names with a date that "
            f"{pattern!r} finds, such as S2_20210514.tif or S2_2021-05-14.tif"
        )
    return places


def _dated_files(folder: Path, pattern: str) -> dict[str, Path]:
    dated: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in (".tif", ".tiff") or not path.is_file():
            continue
        day = find_date(path.stem, pattern)
        if day is None:
            logger.info("%s has no date in its name, left alone", path)
        elif day in dated:
            raise ValueError(
                f"two files of one date ({day}): {dated[day]} and {path}; "
                "a stack has one multi-band GeoTIFF a date"
            )
        else:
            dated[day] = path
    return dict(sorted(dated.items()))


def find_date(name: str, pattern: str) -> str | None:
    """The first valid date in a file name as ISO text, or None.

    Args:
        name: of the file.
        pattern: regular expression; the digits of its match (of its groups, if it has any) must
            be YYYYMMDD.
    """
    for match in re.finditer(pattern, name):
        digits = re.sub(r"\D", "", "".join(match.groups(default="")) or match[0])
        try:
            return str(np.datetime64(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}", "D"))
        except ValueError:
            continue
    return None


def open_images(files: Mapping[str, Path], band_names: Sequence[str] | None) -> tuple[Image, ...]:
    """Read the headers of a place's files, in order of date.

    Raises:
        ValueError: unreadable, not integer, unnamed bands, or on another grid than the first.
    """
    images = tuple(_open(day, path, band_names) for day, path in files.items())
    first = images[0]
    for image in images[1:]:
        difference = first.grid.difference(image.grid)
        if difference:
            raise ValueError(
                f"{image.path} is on another grid than {first.path}: {difference}; "
                "resample it to one grid (gdalwarp), or move it to a folder of its own"
            )
    return tuple(replace(image, grid=first.grid) for image in images)


def _open(day: str, path: Path, band_names: Sequence[str] | None) -> Image:
    import rasterio

    try:
        with rasterio.open(path) as source:
            types, shape, crs = source.dtypes, source.shape, source.crs
            transform = tuple(source.transform)[:6]
            descriptions, no_data = source.descriptions, source.nodatavals
    except rasterio.errors.RasterioIOError as error:
        raise ValueError(f"{path}: not a readable GeoTIFF ({error}); download it again") from error
    if types[0] not in STORED_TYPES:
        raise ValueError(
            f"{path}: expected reflectance x 10,000 as {', '.join(STORED_TYPES)}, got {types[0]}; "
            "convert it (gdal_translate -ot Int16, with -scale 0 1 0 10000 for reflectance in 0..1)"
        )
    return Image(
        path=path,
        day=day,
        bands=name_bands(descriptions, band_names, str(path)),
        no_data=tuple(no_data),
        grid=Grid(shape, crs.to_wkt() if crs else None, transform),
        stamp=file_stamp(path),
    )
