"""Which rows of a file of others' embeddings are those of the pixels that take part."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from pimc.data.embeddings import KEYS, EmbeddingTable, read_embeddings
from pimc.data.points.positions import check_degrees

logger = logging.getLogger(__name__)

WITHIN = 5.0
"""Metres, half a pixel of 10 m: so near positions are of one pixel. Degrees as float32 are within
a metre."""

EARTH_RADIUS = 6_371_000.0

NOBODY = -1
"""In the place of a row: the file has none."""


def read_peer(file: str, samples: pd.DataFrame, source_pixels: pd.DataFrame) -> np.ndarray:
    """The embedding of each sample, from a file (``pimc.data.embeddings.read_embeddings``).

    A file whose pixels are named is matched by names; one of which nothing is named is taken in
    the order of the source's table, of which it must have every pixel.

    Args:
        file: npz or parquet.
        samples: N rows: patch, row and col.
        source_pixels: of the corpus.

    Returns:
        N x D float32, finite.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file of another form, pixels that it does not name as the source does, names
            that stand for several of its rows, samples without an embedding.
    """
    table = read_embeddings(Path(file))
    pixels = name_samples(samples, source_pixels)
    rows = find_rows(table, pixels)
    _check_covered(rows != NOBODY, "no embedding", table, pixels)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        values: np.ndarray = table.values[rows].astype(np.float32)
    _check_covered(
        np.isfinite(values).all(axis=1), "an embedding that is not finite", table, pixels
    )
    unread = f"; left alone: {', '.join(table.unread)}" if table.unread else ""
    by = ", ".join(table.keys) or "order"
    logger.info("%s: %d of %d rows, by %s%s", file, len(set(rows.tolist())), len(table), by, unread)
    return values


def name_samples(samples: pd.DataFrame, source_pixels: pd.DataFrame) -> pd.DataFrame:
    """Patch, row and col of each sample, and what its source calls it."""
    places = samples[["patch", "row", "col"]].reset_index(drop=True)
    if source_pixels.empty:
        return places
    return places.merge(source_pixels, on=list(places), how="left", validate="many_to_one")


def find_rows(table: EmbeddingTable, pixels: pd.DataFrame) -> np.ndarray:
    """The row of each pixel; ``NOBODY`` where there is none.

    Args:
        table: embeddings.
        pixels: of ``name_samples``.

    Raises:
        ValueError: if the file does not name pixels as the source does, or several by one name.
    """
    if not table.keys:
        return _by_order(table, pixels)
    for names in KEYS:
        if set(names) <= table.keys.keys() & set(pixels.columns):
            return _FINDERS[names](table, pixels)
    raise ValueError(
        f"{table.source}: it names pixels by {', '.join(table.keys)}; those of this source go by "
        f"{_offered(pixels)}"
    )


def _offered(pixels: pd.DataFrame) -> str:
    """By what pixels of a source can be named, in words."""
    ways = [" and ".join(names) for names in KEYS if set(names) <= set(pixels.columns)]
    if "number" in pixels:
        ways.append("the order of its table, without any key")
    return ", or ".join(ways)


def _by_order(table: EmbeddingTable, pixels: pd.DataFrame) -> np.ndarray:
    if "number" not in pixels:
        raise ValueError(
            f"{table.source}: it names no pixel, and the pixels of this source have no order; give "
            f"it keys: {_offered(pixels)}"
        )
    expected = int(pixels["of"].iloc[0])
    if len(table) != expected:
        raise ValueError(
            f"{table.source}: it names no pixel, so it must have a row for each of the {expected} "
            f"of the source's table, in its order; got {len(table)}. Or name them by lon and lat"
        )
    return pixels["number"].to_numpy(np.int64)


def _by_id(table: EmbeddingTable, pixels: pd.DataFrame) -> np.ndarray:
    ids = table.keys["id"]
    if np.issubdtype(ids.dtype, np.floating):
        raise ValueError(f"{table.source}: id must be text or integers, got {ids.dtype}")
    return _look_up(pd.Index(ids.astype(str)), pd.Index(pixels["id"].astype(str)), "id", table)


def _by_place(table: EmbeddingTable, pixels: pd.DataFrame) -> np.ndarray:
    for name in ("row", "col"):
        if not np.issubdtype(table.keys[name].dtype, np.integer):
            raise ValueError(
                f"{table.source}: {name} must be integers, got {table.keys[name].dtype}"
            )
    known, wanted = (
        pd.MultiIndex.from_arrays([given["patch"].astype(str), given["row"], given["col"]])
        for given in (table.keys, pixels)
    )
    return _look_up(known, wanted, "patch, row, col", table)


def _look_up(known: pd.Index, wanted: pd.Index, names: str, table: EmbeddingTable) -> np.ndarray:
    twice = known.duplicated()
    if twice.any():
        first = ", ".join(map(str, known[twice].to_frame().iloc[0]))
        raise ValueError(
            f"{table.source}: {twice.sum()} rows have the {names} of an earlier one, first "
            f"{first}; leave one row a pixel"
        )
    return np.asarray(known.get_indexer(wanted))


def _by_position(table: EmbeddingTable, pixels: pd.DataFrame) -> np.ndarray:
    """The nearest row within half a pixel, where it is the only one."""
    from scipy.spatial import cKDTree

    given = np.stack([table.keys[name].astype(np.float64) for name in ("lon", "lat")], axis=1)
    check_degrees(given, str(table.source))
    wanted = _on_sphere(pixels[["lon", "lat"]].to_numpy(np.float64))
    tree = cKDTree(_on_sphere(given))
    distance, row = tree.query(wanted, k=2, distance_upper_bound=WITHIN)
    several = np.isfinite(distance[:, 1])
    if several.any():
        raise ValueError(
            f"{table.source}: {several.sum()} pixels have several rows within {WITHIN:g} m, first "
            f"{_call(pixels, int(several.argmax()))}; leave one row a pixel, or name them by id"
        )
    return np.where(np.isfinite(distance[:, 0]), row[:, 0], NOBODY)


def _on_sphere(lonlat: np.ndarray) -> np.ndarray:
    """N x 3 metres: there neither poles nor the 180th meridian are edges."""
    lon, lat = np.radians(lonlat.T)
    directions = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    return EARTH_RADIUS * np.stack(directions, axis=1)


Finder = Callable[[EmbeddingTable, pd.DataFrame], np.ndarray]

_FINDERS: Mapping[tuple[str, ...], Finder] = dict(
    zip(KEYS, (_by_place, _by_id, _by_position), strict=True)
)


def _check_covered(
    good: np.ndarray, fault: str, table: EmbeddingTable, pixels: pd.DataFrame
) -> None:
    """Refuse a file that does not cover every pixel that takes part."""
    if not good.all():
        raise ValueError(
            f"{table.source}: expected an embedding of each of {len(good)} pixels that take part; "
            f"{(~good).sum()} have {fault}, first {_call(pixels, int((~good).argmax()))}; bring "
            "theirs, or leave the arm out"
        )


def _call(pixels: pd.DataFrame, row: int) -> str:
    """All names of a pixel, for messages."""
    shown = pixels.drop(columns="of", errors="ignore").iloc[row]
    return ", ".join(f"{name} {value}" for name, value in shown.items())
