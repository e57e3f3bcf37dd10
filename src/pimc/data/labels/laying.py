"""Features laid over the grids of places, or an error that says where both lie."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pimc.data.labels.burning import Shapes, lay_on_grid
from pimc.data.labels.features import Features
from pimc.data.patch import Georeference

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlaceGrid:
    """The grid of a place, as far as labels need it.

    Attributes:
        shape: rows and columns.
        georeference: None without a CRS.
    """

    shape: tuple[int, int]
    georeference: Georeference | None


def lay_over(features: Features, grids: Mapping[str, PlaceGrid]) -> dict[str, Shapes]:
    """The features that lie on each place, in its pixels.

    Raises:
        ValueError: a place without a CRS, or no feature on any place.
    """
    laid = {}
    for name, grid in grids.items():
        if grid.georeference is None:
            raise ValueError(
                f"place {name}: its images have no CRS, so that labels cannot be laid over them; "
                "write it into the files (gdal_edit.py -a_srs EPSG:32631 image.tif)"
            )
        laid[name] = lay_on_grid(features, grid.georeference, grid.shape)
    inside = {int(number) for shapes in laid.values() for number in shapes.parcels}
    if not inside:
        raise ValueError(_all_outside(features, grids))
    if len(inside) < len(features):
        outside = len(features) - len(inside)
        logger.info(
            "%s: %d of %d features lie outside all images", features.source, outside, len(features)
        )
    return laid


def _all_outside(features: Features, grids: Mapping[str, PlaceGrid]) -> str:
    labels = _degrees(features.geometry.total_bounds, features.geometry.crs)
    images = "; ".join(f"{name} {_box(grid)}" for name, grid in list(grids.items())[:5])
    return (
        f"{features.source}: all {len(features)} features lie outside all images: labels {labels}; "
        f"images {images} (west, south, east, north in degrees); check that both are of one place, "
        "and that the CRS of the labels is theirs (label_crs= states one where the file has none)"
    )


def _box(grid: PlaceGrid) -> str:
    from rasterio.transform import Affine, array_bounds

    if grid.georeference is None:
        raise ValueError("expected a grid with a CRS")
    bounds = array_bounds(*grid.shape, Affine(*grid.georeference.transform))
    return _degrees(bounds, grid.georeference.crs)


def _degrees(bounds: Any, crs: Any) -> str:  # noqa: ANN401  sequences, and CRS of any library
    from rasterio.crs import CRS
    from rasterio.warp import transform_bounds

    found = transform_bounds(CRS.from_user_input(crs), CRS.from_epsg(4326), *bounds)
    return ", ".join(f"{value:.4f}" for value in found)
