"""Pixel series as an npz of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pimc.data.dates import written_days
from pimc.data.npz_file import read_arrays
from pimc.data.patch import FILL
from pimc.data.points.options import PointOptions
from pimc.data.points.positions import to_degrees
from pimc.data.points.quality import clear_observations, quality_column
from pimc.data.points.table import PointTable, need_names
from pimc.data.points.values import to_reflectance


def read_npz(path: Path, options: PointOptions) -> PointTable:
    """Read an npz table, one entry an array (no pickled objects).

    =========== =================== ======================================================
    reflectance N x T x C numbers   x ``scale``; 0, -32768, ``no_data`` in a band = no data
    bands       C strings           as in ``SENTINEL2_BANDS``
    lonlat      N x 2 floats        degrees, or of ``crs``
    label       N                   class names, or class codes as integers (optional)
    region      N strings           a place each (optional: the file's name)
    dates       T                   ISO dates, timestamps, YYYYMMDD (optional: start and step)
    crs         text                of lonlat (optional)
    quality     N x T               or SCL, CLOUD: a flag of clear observations (optional)
    =========== =================== ======================================================

    Raises:
        ValueError: an entry missing, pickled or of another shape; dates unknown.
    """
    entries = read_arrays(path)
    need_names(("reflectance", "bands", "lonlat"), tuple(entries), "", path)
    values = entries["reflectance"]
    if values.ndim != 3:
        raise ValueError(f"{path}: reflectance must be pixels x dates x bands, got {values.shape}")
    reflectance, missing = to_reflectance(values, path, options.scale, options.no_data)
    flag = quality_column(tuple(entries), path)
    if flag is not None:
        missing["not clear"] = _screen(reflectance, entries[flag], flag, path, options)
    crs = options.crs or (str(entries["crs"]) if "crs" in entries else None)
    read = {"reflectance", "bands", "lonlat", "region", "label", "dates", "crs", flag}
    return PointTable(
        reflectance=reflectance,
        dates=_dates(entries, path, options),
        bands=tuple(map(str, entries["bands"])),
        lonlat=_degrees(entries["lonlat"], crs, path),
        regions=entries.get("region", np.full(len(values), path.stem)),
        labels=entries.get("label"),
        source=path,
        numbers=np.arange(len(values)),
        length=len(values),
        missing=missing,
        unread=tuple(name for name in entries if name not in read),
    )


def _dates(entries: Mapping[str, np.ndarray], path: Path, options: PointOptions) -> np.ndarray:
    if "dates" in entries:
        if entries["dates"].ndim != 1:
            raise ValueError(f"{path}: dates must be a list, got shape {entries['dates'].shape}")
        return written_days(entries["dates"], str(path))
    if options.start is None:
        raise ValueError(f"{path} has no dates: give start (ISO date) and step (days)")
    times = entries["reflectance"].shape[1]
    return np.datetime64(options.start, "D") + options.step * np.arange(times)


def _degrees(lonlat: np.ndarray, crs: str | None, path: Path) -> np.ndarray:
    """Positions of a file; another shape is left to the table, which names it."""
    if lonlat.ndim != 2 or lonlat.shape[1] != 2:
        return lonlat
    return to_degrees(lonlat, crs, str(path))


def _screen(
    reflectance: np.ndarray, flags: np.ndarray, name: str, path: Path, options: PointOptions
) -> int:
    """Fill what a quality flag leaves out; the number of values lost."""
    if flags.shape != reflectance.shape[:2]:
        raise ValueError(
            f"{path}: {name} must be pixels x dates, {reflectance.shape[:2]}, got {flags.shape}"
        )
    clear = clear_observations(flags, name, path, options.clear, options.cloudy_above)
    lost = int((reflectance[~clear] != FILL).sum())
    reflectance[~clear] = FILL
    return lost
