"""Pixel series in the long form: parquet or CSV, one row a pixel and date."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pimc.data import parquet_file
from pimc.data.dates import written_days
from pimc.data.patch import FILL, SENTINEL2_BANDS
from pimc.data.points.options import FACTS, PointOptions
from pimc.data.points.positions import to_degrees
from pimc.data.points.quality import clear_observations, quality_column
from pimc.data.points.table import PointTable, need_names
from pimc.data.points.values import to_reflectance
from pimc.data.regular_file import check_regular, memory, told
from pimc.data.stack.bands import band_name

HINT = "; name columns of other names in `columns`, as {id: parcel, lat: y}"

TEXTS = ("id", "date", "label", "region", "block")
"""Read as text from a CSV: as numbers, ids would lose their zeros."""

CSV = "a CSV in UTF-8"

MOST_PACKED = 1032
"""Times that deflate makes bytes fewer at best."""

EMPTY = ("", "NA", "N/A", "NaN", "nan", "null", "None")
"""Texts that stand for a missing number in a CSV."""


def read_long(path: Path, options: PointOptions) -> PointTable:
    """Read a long table; the dates are those of any pixel, ``FILL`` where one has none.

    Columns, by these names or by those in ``options.columns``:

    ========== ==================================================================
    id         of the pixel (as column: ``pixel``)
    date       ISO dates, timestamps, YYYYMMDD; the day that is written counts
    lon, lat   degrees, or of ``crs``; may lack where there is a block
    block      ground that is kept whole in one fold (optional: squares of degrees)
    label      class name or code (optional)
    region     a place (optional: the file's name)
    quality    or SCL, CLOUD: a flag of clear observations (optional)
    bands      B02 or B2 to B12, x ``scale``; 0, -32768, ``no_data``, null = no data
    ========== ==================================================================

    Rows of one pixel and day are merged: each value from the row that has it.

    Raises:
        ValueError: a column missing, two values of one pixel, day and band, or a pixel with two
            positions, blocks, regions or labels.
    """
    names = _header(path)
    columns = find_columns(names, options.columns, path)
    bands = tuple(band for band in SENTINEL2_BANDS if band in columns)
    frame = _read(path, columns)
    pixels, row = _pixels(frame, path)
    dates, time = np.unique(written_days(frame["date"], str(path)), return_inverse=True)
    values, missing = to_reflectance(
        _numbers(frame, bands, path), path, options.scale, options.no_data
    )
    if "quality" in frame:
        clear = clear_observations(
            frame["quality"], columns["quality"], path, options.clear, options.cloudy_above
        )
        missing["not clear"] = int((values[~clear] != FILL).sum())
        values[~clear] = FILL
    lonlat = _numbers(pixels, ("lon", "lat"), path).astype(float) if "lon" in pixels else None
    return PointTable(
        reflectance=_arrange(values, row, time, pixels.index, dates, path),
        dates=dates,
        bands=bands,
        lonlat=None if lonlat is None else to_degrees(lonlat, options.crs, str(path)),
        regions=_texts(pixels["region"]) if "region" in pixels else np.full(len(pixels), path.stem),
        labels=np.array(pixels["label"].tolist()) if "label" in pixels else None,
        source=path,
        blocks=_texts(pixels["block"]) if "block" in pixels else None,
        ids=_texts(pixels.index),
        missing=missing,
        unread=tuple(name for name in names if name not in columns.values()),
    )


def find_columns(names: list[str], given: Mapping[str, str], path: Path) -> dict[str, str]:
    """Which column holds what: ``FACTS`` or a band -> its name in the file; given names win.

    Raises:
        ValueError: a column that is named or needed is missing, or two hold one band.
    """
    need_names(tuple(given.values()), names, "", path)
    free = [name for name in names if name not in given.values()]
    found = {"pixel" if fact == "id" else fact: fact for fact in FACTS if fact not in given}
    columns = dict(given) | {found[name]: name for name in free if name in found}
    if "quality" not in given and (flag := quality_column(free, path)) is not None:
        columns["quality"] = flag
    for name in free:
        band = band_name(name)
        if band not in SENTINEL2_BANDS or band in given:
            continue
        if band in columns:
            raise ValueError(f"{path}: columns {columns[band]} and {name} both hold {band}")
        columns[band] = name
    missing = [fact for fact in ("id", "date") if fact not in columns]
    if "block" not in columns or "lon" in columns or "lat" in columns:
        missing += [fact for fact in ("lon", "lat") if fact not in columns]
    wanted = ["pixel" if fact == "id" else fact for fact in missing]
    if wanted:
        raise ValueError(f"{path}: {', '.join(wanted)} missing; it has {', '.join(names)}{HINT}")
    if not any(band in columns for band in SENTINEL2_BANDS):
        raise ValueError(f"{path}: no band among its columns ({', '.join(names)}){HINT}")
    return columns


def _header(path: Path) -> list[str]:
    """Names of the columns."""
    if is_csv(path):
        first = _csv(path, nrows=1, header=None, dtype=str).iloc[0].tolist()
        if twice := sorted({name for name in first if name and first.count(name) > 1}):
            raise ValueError(f"{path}: column {', '.join(twice)} is there twice; keep one")
        return [str(name) for name in _csv(path, nrows=0).columns]
    names = parquet_file.parquet_columns(path)
    return [name for name in names if not name.startswith("__index_level_")]


def is_csv(path: Path) -> bool:
    """Whether a file is a CSV by its name, packed or not."""
    return path.name.lower().endswith((".csv", ".csv.gz"))


def _read(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    """The columns that are read, named by what they hold."""
    names = list(dict.fromkeys(columns.values()))
    if is_csv(path):
        texts = {columns[fact]: str for fact in TEXTS if fact in columns}
        empty = {name: [""] if name in texts else list(EMPTY) for name in names}
        frame = _csv(path, usecols=names, dtype=texts, na_values=empty)
        for fact in ("id", "label"):
            if fact in columns:
                frame[columns[fact]] = _as_integers(frame[columns[fact]])
    else:
        with told(path, parquet_file.EXPECTED, parquet_file.REMEDY):
            frame = pd.read_parquet(path, columns=names)
    return pd.DataFrame({fact: frame[name] for fact, name in columns.items()})


def _csv(path: Path, **options: Any) -> pd.DataFrame:  # noqa: ANN401
    """A CSV, packed or not, with commas, semicolons or tabs between its columns."""
    packed = path.suffix.lower() == ".gz"
    check_regular(path, CSV, memory())
    with told(path, CSV, "write it again, or download it again"):
        if packed and path.stat().st_size * MOST_PACKED > memory():
            _check_unpacked(path)
        with (gzip.open if packed else open)(path, "rt", encoding="utf-8-sig") as file:
            separator = max(",;\t", key=file.readline().count)
        frame: pd.DataFrame = pd.read_csv(
            path,
            sep=separator,
            encoding="utf-8-sig",
            keep_default_na=False,
            low_memory=False,
            **options,
        )
    return frame


def _check_unpacked(path: Path) -> None:
    """Refuse what unpacks to more than the memory; what it unpacks to is not kept."""
    size, room = 0, memory()
    with gzip.open(path) as file:
        while block := file.read(2**24):
            size += len(block)
            if size > room:
                raise ValueError(f"more than {room:,} bytes, all of the memory")


def _as_integers(texts: pd.Series) -> pd.Series:
    """Integers where every text is one as it would be written; else the texts."""
    distinct = texts.dropna().unique()
    if texts.isna().any() or not all(text.lstrip("-").isdecimal() for text in distinct):
        return texts
    if any(str(int(text)) != text for text in distinct):
        return texts
    return texts.astype(np.int64)


def _numbers(frame: pd.DataFrame, names: Sequence[str], path: Path) -> np.ndarray:
    """Columns of numbers: rows x names."""
    for name in names:
        column = frame[name]
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            bad = column[pd.to_numeric(column, errors="coerce").isna()].dropna()
            raise ValueError(
                f"{path}: {name} must be numbers with a decimal point, got "
                f"{bad.iloc[0] if len(bad) else column.dtype!s}; correct the column"
            )
    if all(isinstance(frame[name].dtype, np.dtype) for name in names):
        return frame[list(names)].to_numpy()
    return frame[list(names)].to_numpy(dtype=float, na_value=np.nan)


def _pixels(frame: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """What holds for each pixel, by its id in order, and the pixel of each row.

    Raises:
        ValueError: rows without an id, or a pixel with two positions, blocks, regions or labels.
    """
    if frame["id"].isna().any():
        raise ValueError(f"{path}: {frame['id'].isna().sum()} rows without a pixel id")
    row, _ = pd.factorize(frame["id"], sort=True)
    facts = [name for name in ("lon", "lat", "block", "region", "label") if name in frame]
    known = frame[["id", *facts]].assign(row=row).drop_duplicates().sort_values("row")
    if known["id"].duplicated().any():
        twice = known.loc[known["id"].duplicated(), "id"].iloc[0]
        raise ValueError(
            f"{path}: pixel {twice} has more than one position, block, region or label; "
            "correct its rows, or give them ids of their own"
        )
    return known.set_index("id"), row


def _arrange(
    values: np.ndarray,
    row: np.ndarray,
    time: np.ndarray,
    ids: pd.Index,
    dates: np.ndarray,
    path: Path,
) -> np.ndarray:
    """Rows x C values to N x T x C; of rows of one pixel and day, each value that one has.

    Raises:
        ValueError: two values of one pixel, day and band that differ.
    """
    reflectance = np.full((len(ids), len(dates), values.shape[1]), FILL, dtype=np.int16)
    again = (
        pd.Series(row * len(dates) + time).groupby(row * len(dates) + time).cumcount().to_numpy()
    )
    for turn in range(int(again.max(initial=-1)) + 1):
        rows = np.flatnonzero(again == turn)
        place = row[rows], time[rows]
        there, new = reflectance[place], values[rows]
        differ = ((there != FILL) & (new != FILL) & (there != new)).any(axis=1)
        if differ.any():
            pixel, day = ids[place[0][differ][0]], dates[place[1][differ][0]]
            raise ValueError(
                f"{path}: two rows of one pixel and date differ (pixel {pixel}, {day}; "
                f"{differ.sum()} such); keep one, or give each pixel an id of its own"
            )
        reflectance[place] = np.where(there == FILL, new, there)
    return reflectance


def _texts(column: pd.Series | pd.Index) -> np.ndarray:
    return column.astype(str).to_numpy().astype(str)
