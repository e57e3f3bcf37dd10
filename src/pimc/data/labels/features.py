"""Labelled features of a vector file, cleaned: one class each, valid points or polygons."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pimc.data.labels.options import LabelOptions
from pimc.data.labels.vector_file import read_layer

if TYPE_CHECKING:
    from geopandas import GeoSeries

logger = logging.getLogger(__name__)

MOST_CLASSES = 255
"""A map of classes keeps one value of its bytes for no data."""

LABELLING = ("Point", "MultiPoint", "Polygon", "MultiPolygon")


@dataclass(frozen=True, eq=False)
class Features:
    """What a vector file says of the ground.

    Attributes:
        geometry: of N features, points and polygons, in the CRS of the file.
        codes: N int16, places in ``classes``.
        classes: names, sorted.
        source: the file, for messages.
    """

    geometry: GeoSeries
    codes: np.ndarray
    classes: tuple[str, ...]
    source: Path

    def __len__(self) -> int:
        """Number of features."""
        return len(self.codes)


def read_features(options: LabelOptions) -> Features:
    """The features of a vector file that have a class and a place.

    Features without a class, without a geometry, of lines, or there twice, are left out and
    counted in the log; invalid polygons are made valid.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no such layer or column, no CRS, nothing in it, or more than 255 classes.
    """
    layer = read_layer(options)
    source = Path(str(options.path))
    names = class_names(layer[options.column])
    geometry = clean(layer.geometry, source)
    without_class, without_place = names.isna().to_numpy(), geometry.isna().to_numpy()
    twice = _repeated(geometry, names)
    _report(source, len(layer), without_class, without_place, twice)
    kept = np.flatnonzero(~(without_class | without_place | twice))
    if not kept.size:
        raise ValueError(
            f"{source}: of {len(layer)} features none has both a class in {options.column} and a "
            f"point or polygon ({int(without_class.sum())} have no class); lines label no "
            "pixels: buffer them to polygons first"
        )
    classes, codes = np.unique(names.iloc[kept].tolist(), return_inverse=True)
    if len(classes) > MOST_CLASSES:
        raise ValueError(
            f"{source}: {options.column} has {len(classes)} different values ({classes[0]}, "
            f"{classes[1]}, ...), more than {MOST_CLASSES}: is it a number of features? Name the "
            f"column of their class (label_column=...); there are "
            f"{', '.join(map(str, layer.columns.drop(layer.geometry.name)))}"
        )
    return Features(
        geometry.iloc[kept].reset_index(drop=True),
        codes.astype(np.int16),
        tuple(classes.tolist()),
        source,
    )


def class_names(values: Any) -> Any:  # noqa: ANN401  a pandas Series in and out
    """Values of a column as text; missing and empty ones are missing.

    Whole numbers stay whole where missing ones beside them have made them floats: 3, not 3.0.
    """
    import pandas as pd

    known = values.dropna()
    if pd.api.types.is_float_dtype(known) and (known == known.round()).all():
        known = known.astype("int64")
    text = known.astype(str).str.strip()
    return text[text != ""].reindex(values.index)


def clean(geometry: GeoSeries, source: Path) -> GeoSeries:
    """Valid, flat points and polygons; None in the place of what is none.

    Of collections the polygons count, or their points where there are none.
    """
    import shapely

    shapes = geometry.force_2d()
    invalid = ~shapes.is_valid & shapes.notna()
    if invalid.any():
        logger.info(
            "%s: %d invalid polygons (crossing themselves) made valid", source, invalid.sum()
        )
        shapes = shapes.where(~invalid, shapes.make_valid())
    mixed = shapes.geom_type == "GeometryCollection"
    if mixed.any():
        parts = [_of_collection(shape) for shape in shapes[mixed]]
        shapes = shapes.copy()
        shapes[mixed] = parts
    other = ~shapes.geom_type.isin(LABELLING) & shapes.notna()
    if other.any():
        kinds = ", ".join(sorted(set(shapes.geom_type[other])))
        logger.warning(
            "%s: %d features are no points or polygons (%s), left out; buffer lines to polygons "
            "to use them",
            source,
            other.sum(),
            kinds,
        )
    usable = shapes.notna() & ~shapes.is_empty & ~other
    finite = np.isfinite(shapely.bounds(shapes.to_numpy())).all(axis=1)
    return shapes.where(usable & finite, None)


def _of_collection(collection: Any) -> Any:  # noqa: ANN401  shapely's geometries
    import shapely

    parts = shapely.get_parts(shapely.get_parts(collection))
    areas = [part for part in parts if part.geom_type == "Polygon"]
    points = [part for part in parts if part.geom_type == "Point"]
    return shapely.union_all(areas) if areas else shapely.MultiPoint(points) if points else None


def _repeated(geometry: GeoSeries, names: Any) -> np.ndarray:  # noqa: ANN401
    """Features whose shape and class another one before has."""
    import pandas as pd

    shapes = geometry.normalize().to_wkb()
    keys = pd.DataFrame({"shape": shapes, "class": names})
    return np.asarray(keys.duplicated() & keys.notna().all(axis=1))


def _report(
    source: Path,
    total: int,
    without_class: np.ndarray,
    without_place: np.ndarray,
    twice: np.ndarray,
) -> None:
    counts = {
        "without a class": without_class.sum(),
        "without a geometry that labels": (without_place & ~without_class).sum(),
        "there twice": (twice & ~without_class & ~without_place).sum(),
    }
    said = [f"{count} {reason}" for reason, count in counts.items() if count]
    logger.info(
        "%s: %d features%s", source, total, f"; left out: {', '.join(said)}" if said else ""
    )
