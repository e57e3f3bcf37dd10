"""One layer of a vector file as a table, with a column of classes and a CRS."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from pimc.data.fingerprint import FileStamp, file_stamp
from pimc.data.labels.options import LabelOptions
from pimc.data.option_check import nearest

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

logger = logging.getLogger(__name__)

PARQUET = (".parquet", ".geoparquet", ".pq")


def vector_stamps(path: Path) -> tuple[FileStamp, ...]:
    """Stamps of a vector file and those that belong to it: a Shapefile is several."""
    beside = path.parent.glob(f"{path.stem}.*") if path.suffix.lower() == ".shp" else [path]
    return tuple(file_stamp(each) for each in sorted(beside))


def read_layer(options: LabelOptions) -> GeoDataFrame:
    """The layer that the options name, whole.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no vector file, no such layer or column, no features, or no CRS.
    """
    path = Path(str(options.path))
    if not path.exists():
        raise FileNotFoundError(
            f"no labels at {path}: labels= names a GeoPackage, GeoJSON, Shapefile or GeoParquet"
        )
    read = _read_parquet if path.suffix.lower() in PARQUET else _read_gdal
    layer = read(path, options.layer)
    where = str(path) if options.layer is None else f"{path}, layer {options.layer}"
    if layer.empty:
        raise ValueError(f"{where}: no features in it; save the labelled features, or name another")
    _check_column(layer, options.column, where)
    if layer.crs is None:
        if options.crs is None:
            raise ValueError(
                f"{where}: no CRS, so that nobody knows where the features lie; give it as "
                "label_crs=EPSG:32631 (that of your file), or save the file with one"
            )
        layer = layer.set_crs(options.crs)
    return layer


def _read_gdal(path: Path, layer: str | None) -> GeoDataFrame:
    import geopandas as gpd
    import pyogrio

    try:
        found = pyogrio.list_layers(path)
    except pyogrio.errors.DataSourceError as error:
        raise ValueError(
            f"{path}: no vector file that GDAL reads ({error}); labels are a GeoPackage, GeoJSON, "
            "Shapefile or GeoParquet"
        ) from error
    names = [str(name) for name, kind in found if kind is not None]
    if not names:
        raise ValueError(f"{path}: no layer with geometries ({', '.join(map(str, found[:, 0]))})")
    if layer is None and len(names) > 1:
        logger.warning(
            "%s: layers %s; the first is read, label_layer= names another", path, ", ".join(names)
        )
    if layer is not None and layer not in names:
        raise ValueError(
            f"{path}: no layer {layer}{nearest(layer, names)}; there are {', '.join(names)}"
        )
    return gpd.read_file(path, layer=layer or names[0], engine="pyogrio")


def _read_parquet(path: Path, layer: str | None) -> GeoDataFrame:
    import geopandas as gpd

    if layer is not None:
        raise ValueError(f"{path}: a parquet file has no layers; leave out label_layer={layer}")
    try:
        return gpd.read_parquet(path)
    except ValueError as error:  # a table without geometries, or no parquet
        raise ValueError(
            f"{path}: no GeoParquet ({error}); write it with GeoDataFrame.to_parquet"
        ) from error


def _check_column(layer: GeoDataFrame, column: str | None, where: str) -> None:
    there = [str(name) for name in layer.columns if name != layer.geometry.name]
    if column is None:
        raise ValueError(
            f"{where}: which column holds the class? Give it as label_column=...; there are "
            f"{', '.join(there)}"
        )
    if column not in there:
        raise ValueError(
            f"{where}: no column {column}{nearest(column, there)}; there are {', '.join(there)}"
        )
