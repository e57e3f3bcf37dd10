"""What labels give and what was left out of them, counted and said."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from pimc.data.folds import FOLDS
from pimc.data.labels.blocks import Coarse, Deal
from pimc.data.labels.burning import NO_PARCEL, Shapes, burn
from pimc.data.labels.features import Features
from pimc.data.labels.ground import BeforeWindows, PlaceGround, Thinning, place_windows
from pimc.data.patch import LABEL_COLUMNS, UNUSED_FOLD

logger = logging.getLogger(__name__)

FEW = len(FOLDS)
"""Features that a class needs: one in each fold."""


@dataclass(eq=False)
class Tally:
    """Pixels of all places, as far as they were counted.

    Attributes:
        features: how many there are.
        pixels: N + 1 int64, those that each feature labels, by number.
        centres: N + 1 x 3 float64, number of the place, row and column of each feature, on the
            first of its places; NaN where it labels nothing.
        double: pixels that two features label.
        mixed: pixels that one labels and one of another class touches.
    """

    features: int
    pixels: np.ndarray = field(init=False)
    centres: np.ndarray = field(init=False)
    double: int = field(default=0, init=False)
    mixed: int = field(default=0, init=False)
    _places: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self.pixels = np.zeros(self.features + 1, np.int64)
        self.centres = np.full((self.features + 1, 3), np.nan)

    def count(self, shapes: Shapes, shape: tuple[int, int], size: int, step: int) -> Coarse:
        """Add the pixels of a place, and give its features on cells of ``step`` pixels a side."""
        coarse = np.zeros([-(-side // step) for side in shape], np.int32)
        sums = np.zeros((self.features + 1, 3))  # of pixels, their rows, their columns
        for rows, cols in place_windows(shape, size):
            own = slice(rows.own_start, rows.own_stop), slice(cols.own_start, cols.own_stop)
            burnt = burn(shapes, *own)
            self.double += int(burnt.double.sum())
            self.mixed += int(burnt.mixed.sum())
            y, x = np.nonzero(burnt.parcels)
            owner = burnt.parcels[y, x]
            y, x = y + rows.own_start, x + cols.own_start
            np.add.at(sums, owner, np.stack([np.ones(len(y)), y + 0.5, x + 0.5], axis=1))
            coarse[y // step, x // step] = owner
        self.pixels += sums[:, 0].astype(np.int64)
        new = (sums[:, 0] > 0) & np.isnan(self.centres[:, 0])
        self.centres[new, 0] = self._places
        self.centres[new, 1:] = sums[new, 1:] / sums[new, :1]
        self._places += 1
        return Coarse(coarse, step, shape)

    def check(self, features: Features) -> None:
        """Refuse labels of which no pixel is left."""
        if not self.pixels.any():
            raise ValueError(
                f"{features.source}: features lie on the images and none labels a pixel: polygons "
                f"lose half a pixel all around, {self.double} pixels are of two features and "
                f"{self.mixed} are touched by one of another class; draw larger polygons, or use "
                "points"
            )


def survey(
    grounds: Mapping[str, PlaceGround], size: int, features: int, most: int | None
) -> tuple[np.ndarray, dict[str, PlaceGround]]:
    """Walk over all patches once.

    Args:
        grounds: by place.
        size: pixels a side of a patch.
        features: how many there are.
        most: labelled pixels of a feature; None for all.

    Returns:
        Labelled pixels of each feature that have a fold, by number (N + 1), and the places, which
        now know which of them keep their label, and what their folds are called.
    """
    kept = np.zeros(features + 1, np.int64)
    places = {}
    for name, ground in grounds.items():
        before: BeforeWindows = {}
        seen = hashlib.sha256()
        for rows, cols in place_windows(ground.shape, size):
            folds, parcels = ground.find((rows, cols))
            seen.update(np.ascontiguousarray(folds).data)
            owner = parcels[(folds != UNUSED_FOLD) & (parcels != NO_PARCEL)]
            there, count = np.unique(owner, return_counts=True)
            before[rows.start, cols.start] = there, kept[there]
            kept[there] += count
        # ground that is split by its longer side is the same whatever the labels
        dealing = seen.hexdigest()[:8] if ground.nearest else ""
        places[name] = replace(ground, thinning=Thinning(most, kept, before), dealing=dealing)
    return kept, places


def tabulate(
    features: Features, places: Sequence[str], deal: Deal, tally: Tally, kept: np.ndarray
) -> pd.DataFrame:
    """One row a feature that labels pixels, with ``LABEL_COLUMNS``."""
    parcels = np.flatnonzero(tally.pixels)
    codes = features.codes[parcels - 1].astype(np.int64)
    names = np.array(features.classes, dtype=object)[codes]
    where = np.array(places, dtype=object)[tally.centres[parcels, 0].astype(int)]
    counts = (tally.pixels[parcels], kept[parcels])
    columns = (parcels, codes, names, where, deal.blocks[parcels], deal.folds[parcels], *counts)
    return pd.DataFrame(dict(zip(LABEL_COLUMNS, columns, strict=True)))


def report(features: Features, table: pd.DataFrame, tally: Tally, dealt: bool) -> None:
    """Say what each class has, what was left out, and what is too little to be scored."""
    useful = table[table["kept"] > 0].groupby("class")["kept"]
    found = useful.agg(["size", "sum"]).reindex(features.classes, fill_value=0)
    counts = dict(zip(found.index, found.to_numpy().tolist(), strict=True))
    said = [f"{name} {fields} ({pixels} pixels)" for name, (fields, pixels) in counts.items()]
    logger.info("labels: features of each class: %s", ", ".join(said))
    lost = {
        "of two features": tally.double,
        "touched by another class": tally.mixed,
        "in a gap between folds": int(table["pixels"].sum() - table["kept"].sum()),
    }
    described = ", ".join(f"{count} {cause}" for cause, count in lost.items() if count)
    logger.info("labelled pixels left out: %s", described or "none")
    if (small := len(features) - len(table)) > 0:
        logger.info(
            "%d features label no pixel: outside, smaller than one, or all of it left out", small
        )
    few = [f"{name} {fields}" for name, (fields, _) in counts.items() if fields < FEW]
    if few:
        logger.warning(
            "fewer than %d features of a class are left: %s; a score needs one in each fold",
            FEW,
            ", ".join(few),
        )
    if not dealt:
        logger.warning(
            "labels do not fill five blocks of ground with gaps between them: ground is split for "
            "pretraining as without labels, and no honest score can be given"
        )
