"""Positions of pixels: degrees, checked; other coordinates where their CRS is stated."""

from __future__ import annotations

import numpy as np

DEGREES = np.array([180.0, 90.0])
"""Greatest longitude and latitude."""


def to_degrees(xy: np.ndarray, crs: str | None, where: str) -> np.ndarray:
    """N x 2 longitudes and latitudes from coordinates of a CRS (None: degrees already).

    Raises:
        ValueError: an unknown CRS, or coordinates that it does not have.
    """
    if crs is None:
        return xy
    from rasterio.crs import CRS
    from rasterio.errors import RasterioError
    from rasterio.warp import transform

    try:
        system = CRS.from_user_input(crs)
        if system.is_geographic and system.to_epsg() == 4326:
            return xy
        lonlat = np.stack(transform(system, CRS.from_epsg(4326), *xy.T), axis=1)
    except (RasterioError, ValueError) as error:
        raise ValueError(f"{where}: coordinates of CRS {crs} cannot be read ({error})") from error
    if not np.isfinite(lonlat).all():
        raise ValueError(f"{where}: some coordinates, such as {tuple(xy[0])}, are not of CRS {crs}")
    return lonlat


def check_degrees(lonlat: np.ndarray, where: str) -> None:
    """Refuse positions that are no longitudes and latitudes in degrees.

    Args:
        lonlat: N x 2.
        where: what has them, for messages.

    Raises:
        ValueError: how many, the first of them, and which unit they look like.
    """
    if lonlat.dtype.kind not in "iuf":
        raise ValueError(f"{where}: lonlat must be real numbers, got {lonlat.dtype}; correct them")
    if not np.isfinite(lonlat).all():
        raise ValueError(f"{where}: lonlat must be finite; drop pixels without a position")
    outside = (np.abs(lonlat) > DEGREES).any(axis=1)
    if outside.any():
        lon, lat = lonlat[outside][0].tolist()
        raise ValueError(
            f"{where}: expected longitudes within -180..180 and latitudes within -90..90 degrees, "
            f"got lon {lon:g}, lat {lat:g} ({outside.sum()} of {len(lonlat)} pixels); "
            f"{_looks_like(lonlat[outside])}"
        )


def _looks_like(lonlat: np.ndarray) -> str:
    """What positions outside the degrees may be, and what to do."""
    lon, lat = lonlat.T
    if (np.abs(lat) <= 90).all() and ((lon >= 0) & (lon <= 360)).all():
        return "they look like longitudes of 0..360: subtract 360 from those above 180"
    if (np.abs(lon) <= 90).all() and (np.abs(lat) <= 180).all():
        return "latitude and longitude look swapped, or these are wrong: correct them"
    if (np.abs(lonlat) >= 1e4).any(axis=1).mean() > 0.5:
        unit = "metres or feet"
        if ((lon >= 1e5) & (lon < 1e6) & (lat >= 0) & (lat <= 1e7)).all():
            unit = "metres (easting and northing, as of UTM)"
        elif (np.abs(lonlat) <= 20_037_509).all() and (lon < 1e5).any():
            unit = "metres (as of Web Mercator, EPSG:3857) or feet"
        return f"they look like {unit}: state their CRS in `crs`"
    return "drop them, or correct them"
