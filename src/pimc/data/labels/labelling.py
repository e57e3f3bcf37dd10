"""Labels of all places of a source: read, laid over the grids, dealt to folds, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, sqrt

import numpy as np
import pandas as pd

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.folds import FOLDS
from pimc.data.labels.blocks import Coarse, Deal, deal_features
from pimc.data.labels.burning import NO_PARCEL, Shapes
from pimc.data.labels.features import Features, read_features
from pimc.data.labels.ground import PlaceGround
from pimc.data.labels.laying import PlaceGrid, lay_over
from pimc.data.labels.options import LabelOptions
from pimc.data.labels.tally import Tally, report, survey, tabulate
from pimc.data.labels.vector_file import vector_stamps
from pimc.data.patch import UNUSED_FOLD
from pimc.data.windows import split_ground

LABEL_VERSION = 1
"""Raise it when the code gives other labels or folds from the same file and grids."""

COARSE_CELLS = 250_000
"""Cells of all places together on which cuttings into blocks are tried."""


@dataclass(frozen=True)
class Cutting:
    """How places are cut into patches and folds.

    Attributes:
        size: pixels a side of a patch.
        held_out: share of a place that is held out where folds are not dealt by features.
        gap: pixels between folds.
    """

    size: int
    held_out: float
    gap: int


@dataclass(frozen=True, eq=False)
class Labelling:
    """What a vector file says of all places.

    Attributes:
        classes: names in the order of their codes.
        table: one row a feature that labels pixels (``pimc.data.patch.LABEL_COLUMNS``).
        places: by name.
        fingerprint: of the file, the options, the folds and what they hang on.
    """

    classes: tuple[str, ...]
    table: pd.DataFrame
    places: Mapping[str, PlaceGround]
    fingerprint: str


def label_places(
    options: LabelOptions, grids: Mapping[str, PlaceGrid], cutting: Cutting
) -> Labelling:
    """Labels and folds of the pixels of all places.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a place without a CRS, a file that is no labels, or labels outside all places.
    """
    features = read_features(options)
    laid = lay_over(features, grids)
    step = _coarse_step(grids)
    tally = Tally(len(features))
    coarse = {
        name: tally.count(shapes, grids[name].shape, cutting.size, step)
        for name, shapes in laid.items()
    }
    tally.check(features)
    dealt = deal_features(
        list(coarse.values()), tally.centres, features.codes, cutting.gap, options.seed
    )
    deal = dealt or _split_deal(coarse, cutting, len(features))
    grounds = {
        name: _ground(name, shapes, features, coarse[name], deal, cutting, dealt is not None)
        for name, shapes in laid.items()
    }
    kept, places = survey(grounds, cutting.size, len(features), options.per_feature)
    table = tabulate(features, list(grids), deal, tally, kept)
    report(features, table, tally, dealt is not None)
    facts = (LABEL_VERSION, vector_stamps(features.source), options, cutting)
    return Labelling(
        features.classes,
        table,
        places,
        fingerprint(facts, array_digest(deal.folds, deal.blocks, features.codes)),
    )


def _coarse_step(grids: Mapping[str, PlaceGrid]) -> int:
    area = sum(rows * cols for rows, cols in (grid.shape for grid in grids.values()))
    return max(1, ceil(sqrt(area / COARSE_CELLS)))


def _ground(
    name: str,
    shapes: Shapes,
    features: Features,
    coarse: Coarse,
    deal: Deal,
    cutting: Cutting,
    dealt: bool,
) -> PlaceGround:
    """Folds by features where these were dealt and some lie here; else along the longer side."""
    ground = PlaceGround(coarse.shape, shapes, features.codes, deal, cutting.gap)
    if dealt and coarse.parcels.any():
        return replace(ground, nearest=coarse.nearest())
    try:
        return replace(ground, split=split_ground(coarse.shape, cutting.held_out, cutting.gap))
    except ValueError as error:
        raise ValueError(f"place {name}: {error}") from error


def _split_deal(places: Mapping[str, Coarse], cutting: Cutting, features: int) -> Deal:
    """Where labels give no five folds: the fold in which most of each feature lies."""
    votes = np.zeros((features + 1, max(FOLDS) + 1), np.int64)
    for name, place in places.items():
        try:
            split = split_ground(place.shape, cutting.held_out, cutting.gap)
        except ValueError as error:
            raise ValueError(f"place {name}: {error}") from error
        cells = place.parcels != NO_PARCEL
        np.add.at(votes, (place.parcels[cells], split[:: place.step, :: place.step][cells]), 1)
    total = votes.sum(axis=1)
    folds = np.where(total > 0, votes.argmax(axis=1), UNUSED_FOLD)
    return Deal(folds.astype(np.uint8), (total > 0).astype(np.int32))
