"""Find the dated rasters of each place of a stack."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pimc.data.regular_file import check_regular
from pimc.data.stack.bands import is_known, split_name
from pimc.data.stack.dating import dates_in, find_date

logger = logging.getLogger(__name__)

SUFFIXES = (".tif", ".tiff", ".jp2")


@dataclass(frozen=True)
class RasterFile:
    """One raster of a place, unopened.

    Attributes:
        path: of the file.
        day: acquisition date by its name or its product's, ISO; None where the bands tell theirs.
        band: named by the end of the file name, or None.
        product: what it is a part of: rasters of one product and date share an image.
        in_folder: whether the product is a folder, which may hold rasters of other uses too.
    """

    path: Path
    day: str | None
    band: str | None
    product: str
    in_folder: bool = False


def find_places(root: Path, pattern: str | None = None) -> dict[str, tuple[RasterFile, ...]]:
    """Dated rasters of each place, sorted by date, then by name.

    The root is one place if it holds dated rasters or product folders itself; otherwise each
    folder in it that does.

    Raises:
        FileNotFoundError: no such folder, or no dated raster in it.
        ValueError: a name with several dates.
    """
    if not root.is_dir():
        raise FileNotFoundError(
            f"no stack folder at {root}: point the path to a folder of dated GeoTIFFs "
            "(S2_20210514.tif, ...), or to a folder of such folders, one a place"
        )
    folders = [path for path in sorted(root.iterdir()) if path.is_dir()]
    own = _dated_files(root, pattern)
    if own:
        others = [path.name for path in folders if not _is_product(path, pattern)]
        if others:
            logger.warning(
                "%s holds dated GeoTIFFs itself, so it is one place; folders left alone: %s",
                root,
                ", ".join(others),
            )
        return {root.resolve().name: own}
    places = {folder.name: _dated_files(folder, pattern) for folder in folders}
    for name in [name for name, files in places.items() if not files]:
        logger.info("%s: no dated GeoTIFF in folder %s, left alone", root, name)
        del places[name]
    if not places:
        finds = f" that {pattern!r} finds" if pattern else ""
        raise FileNotFoundError(
            f"no dated GeoTIFF in {root} or its folders: expected names with a date{finds}, "
            "such as S2_20210514.tif or S2_2021-05-14.tif"
        )
    return places


def _dated_files(folder: Path, pattern: str | None) -> tuple[RasterFile, ...]:
    """The rasters of one place: in its folder, and in the product folders in it."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and _is_product(path, pattern):
            found += list(_product_files(path, pattern))
        elif not path.is_dir() and _is_raster(path):
            day = find_date(path.stem, pattern)
            if day is None and not _bands_have_dates(path):
                logger.info("%s has no date in its name, left alone", path)
                continue
            before, band = split_name(path.stem)
            known = is_known(band)
            found.append(
                RasterFile(path, day, band if known else None, before if known else path.name)
            )
    return tuple(sorted(found, key=lambda file: (file.day or "", file.path)))


def _is_product(folder: Path, pattern: str | None) -> bool:
    """Whether a folder is one image: a .SAFE, or named by the one date of the rasters in it."""
    if folder.suffix.upper() == ".SAFE":
        return True
    days = set(dates_in(folder.name, pattern))
    if len(days) != 1:
        return False
    rasters = list(_rasters(folder))
    return bool(rasters) and all(set(dates_in(path.stem, pattern)) <= days for path in rasters)


def _rasters(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if _is_raster(path))


def _is_raster(path: Path) -> bool:
    """Whether a name is a raster's; hidden files are of the file system (``._S2.tif``)."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _product_files(folder: Path, pattern: str | None) -> Iterator[RasterFile]:
    """Rasters of a product folder whose names end in a band, or that hold several bands."""
    day = find_date(folder.name, pattern)
    if day is None:
        raise ValueError(
            f"{folder} has no date in its name; name it by ESA's rule "
            "(S2A_MSIL2A_20210514T105621_...), or set date_pattern"
        )
    for path in _rasters(folder):
        _, band = split_name(path.stem)
        # a product of before 2016-12 holds several granules
        part = path.relative_to(folder).parts
        granule = part[1] if part[0] == "GRANULE" and len(part) > 2 else ""
        product = f"{folder.name}/{granule}"
        yield RasterFile(path, day, band if is_known(band) else None, product, in_folder=True)


def _bands_have_dates(path: Path) -> bool:
    """Whether the bands of a file without a date in its name bear dates themselves."""
    import rasterio

    check_regular(path, "a GeoTIFF")
    try:
        with rasterio.open(path) as source:
            return any(dates_in(text or "") for text in source.descriptions)
    except rasterio.errors.RasterioIOError:
        return False
