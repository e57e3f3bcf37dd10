"""Assets as layers on the grid of their place, loaded by odc-stac."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.fingerprint import FileStamp, file_stamp
from pimc.data.regular_file import check_regular, told
from pimc.data.stac.items import Asset
from pimc.data.stack.bands import is_reflectance
from pimc.data.stack.grid import Grid, grid_of
from pimc.data.stack.header import Layer

THREADS = 8
"""Headers that are opened at once: each waits for its server."""

RASTER_EXTENSION = "https://stac-extensions.github.io/raster/v1.1.0/schema.json"


@dataclass(frozen=True, eq=False)
class Header:
    """What the file of an asset says of itself; items leave it out or differ."""

    asset: Asset
    dtype: str
    no_data: float | None
    tag: tuple[float, float] | None
    grid: Grid


def read_headers(assets: Sequence[Asset]) -> list[Header]:
    """Open the files of assets, pixels unread; of several resolutions the finest is kept.

    Raises:
        ValueError: a file that cannot be opened, or holds several bands.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        headers = list(pool.map(_read_header, assets))
    return list(_finest(headers))


def _read_header(asset: Asset) -> Header:
    import rasterio

    if "://" not in asset.href and not asset.href.startswith("/vsi"):
        check_regular(Path(asset.href), f"the raster of {asset.path}")
    expected = f"a raster of one band at {asset.href}"
    remedy = "signed addresses expire, then the items must be searched again"
    with told(asset.path, expected, remedy):
        with _environment(asset.href), rasterio.open(asset.href) as source:
            if source.count != 1:
                raise ValueError(
                    f"{asset.path}: expected a file of one band, got {source.count} in {asset.href}"
                )
            tag = (source.scales[0], source.offsets[0])
            return Header(
                asset=asset,
                dtype=source.dtypes[0],
                no_data=source.nodata,
                tag=None if tag == (1.0, 0.0) else tag,
                grid=grid_of(source),
            )


def _environment(href: str) -> Any:  # noqa: ANN401  rasterio has no types
    """GDAL's settings: on a server it need not list what lies beside a file."""
    import rasterio

    remote = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_HTTP_MAX_RETRY": "3"}
    return rasterio.Env(**(remote if "://" in href else {}))


def _finest(headers: Iterable[Header]) -> Iterator[Header]:
    """One header for each band of an item."""

    def band(header: Header) -> tuple[str, str]:
        return header.asset.product, header.asset.name

    for _, same in groupby(sorted(headers, key=band), band):
        yield min(same, key=lambda header: header.grid.pixel)


def make_layers(headers: Sequence[Header], grid: Grid, resampling: str) -> Iterator[Layer]:
    """The layers of assets; those of an item and type are loaded together.

    Args:
        headers: of their files.
        grid: of the place, which they are loaded onto.
        resampling: of reflectance; masks take the nearest pixel.
    """

    def loaded_with(header: Header) -> tuple[str, str, bool]:
        return header.asset.product, header.dtype, is_reflectance(header.asset.name)

    for _, group in groupby(sorted(headers, key=loaded_with), loaded_with):
        together = tuple(group)
        method = resampling if is_reflectance(together[0].asset.name) else "nearest"
        loader = AssetLoader({each.asset.path: each for each in together}, grid, method)
        yield from (_layer(header, grid, loader) for header in together)


def _layer(header: Header, grid: Grid, loader: AssetLoader) -> Layer:
    asset = header.asset
    return Layer(
        path=asset.path,
        index=1,
        name=asset.name,
        source=asset.path.name,
        day=asset.day,
        product=asset.product,
        dtype=header.dtype,
        no_data=header.no_data,
        tag=header.tag,
        items={},
        has_mask=False,
        grid=grid,
        stamp=_stamp(asset.href),
        read=loader.read,
    )


def _stamp(href: str) -> FileStamp:
    path = Path(href)
    return file_stamp(path) if path.is_file() else (href.partition("?")[0], 0, 0)


@dataclass(frozen=True, eq=False)
class AssetLoader:
    """Loads windows of assets of one item.

    Attributes:
        headers: of their files, by the path of the asset.
        grid: of the place.
        method: of resampling.
    """

    headers: Mapping[Path, Header]
    grid: Grid
    method: str

    def read(
        self,
        layers: Sequence[Layer],
        window: Any,  # noqa: ANN401  rasterio has no types
        shape: tuple[int, int] | None,
    ) -> tuple[np.ndarray, None]:
        """C x h x w values as stored, see ``pimc.data.stack.header.ReadStored``.

        Raises:
            ValueError: a file cannot be read.
        """
        import odc.stac
        import pystac
        from odc.geo.geobox import GeoBox
        from rasterio.transform import Affine
        from rasterio.windows import Window

        window = window or Window(0, 0, *self.grid.shape[::-1])
        target = self.grid.thinned(window, shape or (window.height, window.width))
        rows, cols = map(round, target.shape)
        headers = [self.headers[layer.path] for layer in layers]
        bands = [f"band_{n}" for n in range(len(headers))]
        hrefs = ", ".join(header.asset.href for header in headers)
        with told(layers[0].path, f"pixels that can be read in {hrefs}", "download them again"):
            with _environment(headers[0].asset.href):
                loaded = odc.stac.load(
                    [pystac.Item.from_dict(_item(dict(zip(bands, headers, strict=True))))],
                    bands=bands,
                    geobox=GeoBox((rows, cols), Affine(*target.transform), target.crs),
                    groupby="id",
                    resampling=self.method,
                    pool=len(bands),
                )
        return np.concatenate([loaded[band].values for band in bands]), None


def _item(headers: Mapping[str, Header]) -> dict[str, Any]:
    """An item of some assets, with what their files say rather than what items do."""
    first = next(iter(headers.values()))
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [RASTER_EXTENSION],
        "id": str(first.asset.item["id"]),
        "properties": {"datetime": f"{first.asset.day}T00:00:00Z"},
        **_footprint(first.grid),
        "links": [],
        "assets": {
            name: {
                "href": header.asset.href,
                "type": "image/tiff",
                "roles": ["data"],
                # without a no-data value 0 is it, as in all that ESA delivers
                "raster:bands": [{"data_type": header.dtype, "nodata": header.no_data or 0}],
            }
            for name, header in headers.items()
        },
    }


def _footprint(grid: Grid, margin: float = 0.01) -> Mapping[str, Any]:
    """Geometry and bbox of a grid, a little larger: edges are no straight lines in degrees."""
    from rasterio.warp import transform_bounds

    west, south, east, north = transform_bounds(
        grid.crs, "EPSG:4326", *bounds(grid), densify_pts=21
    )
    along, up = margin * (east - west), margin * (north - south)
    west, south, east, north = west - along, south - up, east + along, north + up
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, south, east, north],
    }


def bounds(grid: Grid) -> tuple[float, float, float, float]:
    """West, south, east and north of a grid without rotation, in its CRS."""
    (rows, cols), (a, _, c, _, e, f) = grid.shape, grid.transform
    xs, ys = sorted((c, c + a * cols)), sorted((f, f + e * rows))
    return xs[0], ys[0], xs[1], ys[1]
