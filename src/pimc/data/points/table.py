"""Tables of pixel series: npz and parquet become one typed table.

npz, one entry an array (no pickled objects):

=========== =================== ======================================================
reflectance N x T x C integers  x 10,000; 0 or -32768 in a band = no data
bands       C strings           as in ``SENTINEL2_BANDS``
lonlat      N x 2 floats        degrees
label       N                   class names, or class codes as integers (optional)
region      N strings           a place each (optional: the file's name)
dates       T                   ISO strings, datetime64, YYYYMMDD (optional: start and step)
=========== =================== ======================================================

parquet, long form, one row a pixel and date: ``pixel`` (any id), ``date``, ``lon``, ``lat``,
``label`` (optional), ``region`` (optional), and one column a band (x 10,000; 0, -32768 or null = no
data). Pixels need not share their dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from pimc.data.patch import FILL, SENTINEL2_BANDS


@dataclass(frozen=True, eq=False)
class PointTable:
    """Series of N isolated pixels.

    Attributes:
        reflectance: N x T x C int16, ``FILL`` where there is no data.
        dates: T, datetime64[D], strictly increasing.
        bands: names of the C bands.
        lonlat: N x 2 float, degrees.
        regions: N strings.
        labels: N strings (class names) or integers (class codes), or None.
        source: the file, for messages.
    """

    reflectance: np.ndarray
    dates: np.ndarray
    bands: tuple[str, ...]
    lonlat: np.ndarray
    regions: np.ndarray
    labels: np.ndarray | None
    source: Path

    def __post_init__(self) -> None:
        """Check that all arrays speak of the same pixels, dates and bands."""
        pixels, times, bands = self.reflectance.shape
        expected = {"dates": (times,), "bands": (bands,), "lonlat": (pixels, 2)}
        expected |= {"regions": (pixels,), "labels": (pixels,)}
        for name, shape in expected.items():
            array = getattr(self, name)
            if array is not None and np.shape(array) != shape:
                raise ValueError(
                    f"{self.source}: {name} must have shape {shape}, because reflectance is "
                    f"{pixels} pixels x {times} dates x {bands} bands; got {np.shape(array)}"
                )
        if not (np.diff(self.dates) > np.timedelta64(0, "D")).all():
            raise ValueError(
                f"{self.source}: dates must increase strictly, got "
                f"{', '.join(map(str, self.dates))}"
            )
        if not np.isfinite(self.lonlat).all():
            raise ValueError(
                f"{self.source}: lonlat must be finite; drop pixels without a position"
            )

    def take(self, rows: np.ndarray) -> PointTable:
        """The table of some of its pixels."""
        return PointTable(
            reflectance=self.reflectance[rows],
            dates=self.dates,
            bands=self.bands,
            lonlat=self.lonlat[rows],
            regions=self.regions[rows],
            labels=None if self.labels is None else self.labels[rows],
            source=self.source,
        )


def read_npz(path: Path, start: str | None, step: int) -> PointTable:
    """Read an npz table.

    Args:
        path: the file.
        start: ISO date of the first column of ``reflectance``, where the file has no ``dates``.
        step: days between its columns, where the file has no ``dates``.

    Raises:
        ValueError: an entry missing, pickled or of another shape; dates unknown.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            entries = {name: archive[name] for name in archive.files}
    except (ValueError, TypeError, OSError, BadZipFile) as error:
        raise ValueError(f"{path}: expected an npz of plain arrays ({error})") from error
    _need(("reflectance", "bands", "lonlat"), tuple(entries), path)
    values = entries["reflectance"]
    if values.ndim != 3:
        raise ValueError(f"{path}: reflectance must be pixels x dates x bands, got {values.shape}")
    if "dates" not in entries and start is None:
        raise ValueError(f"{path} has no dates: give start (ISO date) and step (days)")
    if "dates" in entries:
        dates = to_days(entries["dates"], path)
    else:
        dates = np.datetime64(start, "D") + step * np.arange(values.shape[1])
    return PointTable(
        reflectance=to_reflectance(values, path),
        dates=dates,
        bands=tuple(map(str, entries["bands"])),
        lonlat=entries["lonlat"],
        regions=entries.get("region", np.full(len(values), path.stem)),
        labels=entries.get("label"),
        source=path,
    )


def read_parquet(path: Path) -> PointTable:
    """Read a long parquet table; the dates are those of any pixel, ``FILL`` where one has none.

    Raises:
        ValueError: a column missing, two rows of one pixel and date, or a pixel with two
            positions, regions or labels.
    """
    try:
        frame = pd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: not a readable parquet file ({error})") from error
    bands = tuple(band for band in SENTINEL2_BANDS if band in frame)
    _need(("pixel", "date", "lon", "lat"), tuple(map(str, frame.columns)), path)
    if not bands:
        raise ValueError(
            f"{path}: no band among its columns ({', '.join(map(str, frame.columns))})"
        )
    if "region" not in frame:
        frame["region"] = path.stem
    if frame.duplicated(["pixel", "date"]).any():
        raise ValueError(f"{path}: two rows of one pixel and date; keep one")
    facts = ["pixel", "lon", "lat", "region", *(["label"] if "label" in frame else [])]
    pixels = frame[facts].drop_duplicates().sort_values("pixel")
    if pixels["pixel"].duplicated().any():
        twice = pixels.loc[pixels["pixel"].duplicated(), "pixel"].iloc[0]
        raise ValueError(f"{path}: pixel {twice} has more than one position, region or label")
    dates, time = np.unique(to_days(frame["date"].to_numpy(), path), return_inverse=True)
    row = np.searchsorted(pixels["pixel"].to_numpy(), frame["pixel"].to_numpy())
    reflectance = np.full((len(pixels), len(dates), len(bands)), FILL, dtype=np.int16)
    reflectance[row, time] = to_reflectance(frame[list(bands)].to_numpy(), path)
    return PointTable(
        reflectance=reflectance,
        dates=dates,
        bands=bands,
        lonlat=pixels[["lon", "lat"]].to_numpy(dtype=float),
        regions=pixels["region"].to_numpy().astype(str),
        labels=np.array(pixels["label"].tolist()) if "label" in frame else None,
        source=path,
    )


def to_days(dates: np.ndarray, path: Path) -> np.ndarray:
    """Dates as datetime64[D], from ISO strings, timestamps, or YYYYMMDD as text or number.

    Raises:
        ValueError: something else.
    """
    # as numbers, pandas would take them for nanoseconds since 1970
    text = dates.astype(str) if np.issubdtype(dates.dtype, np.integer) else dates
    try:
        stamps = pd.to_datetime(pd.Series(text), format="ISO8601", utc=True)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: dates must be ISO dates or YYYYMMDD ({error})") from error
    return stamps.dt.tz_localize(None).to_numpy().astype("datetime64[D]")


def to_reflectance(values: np.ndarray, path: Path) -> np.ndarray:
    """Any numeric values x 10,000 to int16; 0, -32768 and NaN become ``FILL``.

    Raises:
        ValueError: values that are plainly reflectance in 0..1.
    """
    if np.issubdtype(values.dtype, np.floating) and np.nanmax(values, initial=0) < 10:
        raise ValueError(
            f"{path}: expected reflectance x 10,000, got values in 0..1; multiply them"
        )
    missing = ~np.isfinite(values) | (values == 0) | (values == FILL)
    limits = np.iinfo(np.int16)
    clipped = np.clip(np.where(missing, 0, values), FILL + 1, limits.max)
    return np.where(missing, FILL, np.rint(clipped)).astype(np.int16)


def class_codes(labels: np.ndarray, classes: Sequence[str], source: Path) -> np.ndarray:
    """Labels as N uint8 places in the list of classes.

    Args:
        labels: N class names, or N integers that are codes already.
        classes: names in the order of their codes.
        source: the file, for messages.

    Raises:
        ValueError: a label that is not in the list.
    """
    named = not np.issubdtype(labels.dtype, np.integer)
    known = list(classes) if named else list(range(len(classes)))
    values, inverse = np.unique(labels, return_inverse=True)
    strangers = [str(value) for value in values.tolist() if value not in known]
    if strangers:
        raise ValueError(
            f"{source}: label {', '.join(strangers)} is not in classes ({', '.join(classes)}); "
            "add it, or drop its pixels"
        )
    codes = np.array([known.index(value) for value in values.tolist()], dtype=np.uint8)
    return np.asarray(codes[inverse])


def _need(names: Sequence[str], found: Sequence[str], path: Path) -> None:
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"{path}: {', '.join(missing)} missing; it has {', '.join(found)}")
