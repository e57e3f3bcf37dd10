"""How much ground each class covers: counted on the map, and adjusted for the map's errors.

The estimator is that of Olofsson et al. 2014 (doi 10.1016/j.rse.2014.02.015), equations 9 to 11,
for a sample stratified by the mapped class. A reference here is one labelled feature, whose pixels
are predicted by a head that has not seen its fold: pixels of one field err together, and would
make the interval far too narrow.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pimc.data.stack.grid import Grid
from pimc.mapping.head import HeldOut
from pimc.mapping.labelled import LabelledPixels
from pimc.mapping.style import NO_CLASS

logger = logging.getLogger(__name__)

NORMAL_95 = 1.96

HECTARE = 10_000.0

ADJUSTED = (
    "adjusted_ha",
    "low_ha",
    "high_ha",
    "users_accuracy",
    "producers_accuracy",
    "reference_features",
)
"""Columns of what references tell; NaN where there are none."""


@dataclass(frozen=True, eq=False)
class Area:
    """Areas of K classes, as shares of the mapped ground.

    Attributes:
        mapped: K, shares of the pixels that the map gives each.
        adjusted: K, by the references; ground mapped as a class of which there are fewer than two
            is taken to be it.
        deviation: K, standard errors of ``adjusted``.
        untold: K, shares of such ground: it may be of any class.
        users: K, of the mapped pixels of a class, the share that is it.
        producers: K, of the ground of a class, the share that is mapped so.
    """

    mapped: np.ndarray
    adjusted: np.ndarray
    deviation: np.ndarray
    untold: np.ndarray
    users: np.ndarray
    producers: np.ndarray


def adjust_area(confusion: np.ndarray, mapped: np.ndarray) -> Area:
    """Error-adjusted shares of classes.

    Args:
        confusion: K x K, references by mapped class (rows) and true class (columns).
        mapped: K shares of the mapped pixels.

    """
    counts = confusion.sum(axis=1)
    used = counts >= 2
    rates = np.eye(len(mapped))
    rates[used] = confusion[used] / counts[used, None]
    shares = mapped[:, None] * rates
    adjusted = shares.sum(axis=0)
    variance = np.zeros_like(rates)
    variance[used] = rates[used] * (1 - rates[used]) / (counts[used, None] - 1)
    deviation = np.sqrt((mapped[:, None] ** 2 * variance).sum(axis=0))
    agreed = np.diag(shares)
    with np.errstate(invalid="ignore", divide="ignore"):
        users, producers = np.where(used, agreed / mapped, np.nan), agreed / adjusted
    return Area(mapped, adjusted, deviation, np.where(used, 0, mapped), users, producers)


def confusion_of_features(
    labelled: LabelledPixels, held_out: HeldOut, codes: np.ndarray
) -> np.ndarray:
    """References by mapped (rows) and true class (columns), K x K: each feature counts one.

    The pixels of a feature share it: one of which a third is mapped as another class counts a
    third there.

    Args:
        labelled: pixels with their label and parcel.
        held_out: their predictions.
        codes: K classes, in order.
    """
    pixels = labelled.pixels.iloc[held_out.rows]
    features = pixels.groupby(["place", "parcel"]).ngroup().to_numpy()
    share = 1 / np.bincount(features)[features]
    confusion = np.zeros((len(codes), len(codes)))
    true = np.searchsorted(codes, pixels["label"].to_numpy())
    np.add.at(confusion, (np.searchsorted(codes, held_out.predicted), true), share)
    return confusion


def tabulate_area(
    names: tuple[str, ...], pixels: np.ndarray, hectares: float, confusion: np.ndarray | None
) -> pd.DataFrame:
    """One row a class: pixels, hectares on the map, hectares adjusted with a 95 % interval.

    Args:
        names: of the K classes.
        pixels: K, that the map gives each.
        hectares: of a pixel.
        confusion: ``confusion_of_features``; None where nothing is held out, and nothing adjusted.
    """
    counted = {"class": names, "pixels": pixels, "mapped_ha": pixels * hectares}
    if confusion is None:
        return pd.DataFrame(counted).reindex(columns=[*counted, *ADJUSTED])
    total = pixels.sum() * hectares
    area = adjust_area(confusion, pixels / max(1, pixels.sum()))
    reach = NORMAL_95 * area.deviation
    others = area.untold.sum() - area.untold
    if untold := [name for name, share in zip(names, area.untold, strict=True) if share]:
        logger.warning(
            "fewer than two references lie where the map shows %s: its ground may be of any class, "
            "and intervals of areas are as much wider",
            ", ".join(untold),
        )
    columns = (
        area.adjusted * total,
        np.maximum(0, area.adjusted - reach - area.untold) * total,
        np.minimum(1, area.adjusted + reach + others) * total,
        area.users,
        area.producers,
        confusion.sum(axis=0),
    )
    return pd.DataFrame({**counted, **dict(zip(ADJUSTED, columns, strict=True))})


def pixel_hectares(grid: Grid) -> float:
    """Hectares on the ellipsoid of the pixel in the middle of a grid; NaN without a CRS.

    Not those of the projection: a pixel of Web Mercator has half its nominal area at 45 degrees.
    """
    from pyproj import Geod
    from rasterio.transform import Affine
    from rasterio.warp import transform

    if grid.crs is None:
        return float("nan")
    row, col = (length / 2 for length in grid.shape)
    corners = np.array([(col, row), (col + 1, row), (col + 1, row + 1), (col, row + 1)]).T
    x, y = Affine(*grid.transform) @ (corners[0], corners[1])
    lon, lat = transform(grid.crs, "EPSG:4326", x, y)
    area, _ = Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)
    return float(abs(area) / HECTARE)


def count_classes(path: Path, count: int) -> np.ndarray:
    """Pixels of each class of a raster, read a tile at a time."""
    import rasterio

    pixels = np.zeros(256, np.int64)
    with rasterio.open(path) as source:
        for _, window in source.block_windows(1):
            pixels += np.bincount(source.read(1, window=window).ravel(), minlength=256)
    pixels[NO_CLASS] = 0
    return pixels[:count]
