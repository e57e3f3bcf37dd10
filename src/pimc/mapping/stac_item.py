"""A STAC item beside the files of a map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pimc.data.stack.grid import Grid
from pimc.mapping.blocks import GroundBlocks
from pimc.signal.seasons import season_name

COG = "image/tiff; application=geotiff; profile=cloud-optimized"

PROJECTION = "https://stac-extensions.github.io/projection/v2.0.0/schema.json"


def describe_item(
    blocks: GroundBlocks, files: Mapping[str, Path], tags: Mapping[str, str]
) -> dict[str, Any]:
    """The item of a place and season, as JSON's own types.

    Args:
        blocks: of the map.
        files: by what they hold, beside the item.
        tags: of the files.
    """
    ground = blocks.ground
    calendar, grid = ground.recipe.calendar, ground.place.grid
    box = degrees(grid)
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [PROJECTION],
        "id": ground.name,
        **({} if box is None else {"bbox": box}),
        "geometry": None if box is None else _ring(box),
        "properties": {
            "datetime": None,
            "start_datetime": f"{season_name(ground.season)}T00:00:00Z",
            "end_datetime": f"{season_name(ground.season + calendar.span - 1)}T23:59:59Z",
            "proj:wkt2": grid.crs,
            "proj:shape": list(grid.shape),
            "proj:transform": [*grid.transform, 0, 0, 1],
            "emb:type": "pixel",
            "emb:dimensions": blocks.embedder.size,
            "emb:data_type": blocks.options.stored_as,
            "emb:model": tags["PIMC_ENCODER"],
            "emb:model_digest": tags["PIMC_ENCODER_DIGEST"],
            "emb:temporal_resolution": f"P{calendar.span}D",
            **{name.lower().replace("_", ":", 1): value for name, value in tags.items()},
        },
        "links": [],
        "assets": {
            what: {"href": f"./{path.name}", "type": COG, "roles": ["data"]}
            for what, path in files.items()
        },
    }


def degrees(grid: Grid) -> list[float] | None:
    """West, south, east and north of a grid; None without a CRS."""
    from rasterio.transform import Affine, array_bounds
    from rasterio.warp import transform_bounds

    if grid.crs is None:
        return None
    bounds = array_bounds(*grid.shape, Affine(*grid.transform))
    return [float(value) for value in transform_bounds(grid.crs, "EPSG:4326", *bounds)]


def _ring(box: list[float]) -> dict[str, Any]:
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
