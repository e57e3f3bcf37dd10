"""The labelled pixels of mapped places, with the embeddings that the map has of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pimc.data.labels.burning import NO_PARCEL
from pimc.data.labels.ground import spread_evenly
from pimc.data.labels.labelling import Labelling
from pimc.data.windows import Span
from pimc.mapping.blocks import BlockStore
from pimc.mapping.ground import cut_windows

SIDE = 512
"""Of the windows in which labels are laid over a place, pixels."""


@dataclass(frozen=True, eq=False)
class LabelledPixels:
    """Labelled pixels of all places and seasons that have an embedding.

    Attributes:
        pixels: N rows: place, season, row, col, label (a code), parcel, fold.
        embedding: N x D float32.
        classes: names by code.
    """

    pixels: pd.DataFrame
    embedding: np.ndarray
    classes: tuple[str, ...]


def find_labels(labelling: Labelling, place: str, most: int | None) -> pd.DataFrame:
    """Row, col, label, parcel and fold of the labelled pixels of a place.

    Those in a gap between folds are in no fold (``UNUSED_FOLD``): a map's last head learns from
    them too, and no score does.

    Args:
        labelling: of all places.
        place: its name.
        most: pixels of a feature, evenly over it; None for all.
    """
    ground, parts = labelling.places[place], []
    for window in cut_windows(ground.shape, SIDE):
        spans = tuple(Span(each.start, each.stop, each.start, each.stop) for each in window.slices)
        folds, parcels = ground.find((spans[0], spans[1]))
        row, col = np.nonzero(parcels != NO_PARCEL)
        parcel = parcels[row, col].astype(np.int64)
        columns = {
            "row": row + window.row,
            "col": col + window.col,
            "label": ground.codes[parcel - 1].astype(np.int64),
            "parcel": parcel,
            "fold": folds[row, col].astype(np.int64),
        }
        parts.append(pd.DataFrame(columns))
    found = pd.concat(parts, ignore_index=True)
    if most is None or found.empty:
        return found
    of_feature = found.groupby("parcel")
    rank, total = of_feature.cumcount(), of_feature["parcel"].transform("size")
    kept = spread_evenly(rank.to_numpy(), total.to_numpy(), most)
    return found[kept].reset_index(drop=True)


def embed_labels(
    stores: Sequence[BlockStore], labelling: Labelling, most: int | None
) -> LabelledPixels:
    """Read the embeddings of labelled pixels back from the map: what classifies it is fitted on it.

    Raises:
        ValueError: if no labelled pixel has an embedding.
    """
    tables, embeddings = [], []
    for store in stores:
        ground = store.blocks.ground
        found = find_labels(labelling, ground.place.name, most)
        found = found.assign(place=ground.place.name, season=ground.season)
        values = read_pixels(store, found["row"].to_numpy(), found["col"].to_numpy())
        known = np.isfinite(values).all(axis=1)
        tables.append(found[known])
        embeddings.append(values[known])
    pixels = pd.concat(tables, ignore_index=True)
    if pixels.empty:
        raise ValueError(
            "no labelled pixel has enough clear observations in a season to be embedded; lower "
            "calendar.min_observations, or label ground that is seen more often"
        )
    return LabelledPixels(pixels, np.concatenate(embeddings), labelling.classes)


def read_pixels(store: BlockStore, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Embeddings of single pixels of a map, N x D float32, NaN where there is none."""
    values = np.full((len(rows), store.blocks.embedder.size), np.nan, np.float32)
    for window in store.blocks.windows:
        down, along = rows - window.row, cols - window.col
        inside = (down >= 0) & (down < window.height) & (along >= 0) & (along < window.width)
        if inside.any():
            block = store.read(window)
            values[inside] = block.take(down[inside] * window.width + along[inside])
    return values
