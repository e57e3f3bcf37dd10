"""Labelled pixel series without images, from npz, parquet or CSV; one patch a block of ground."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from einops import rearrange

from pimc.data.dates import need_dates
from pimc.data.fingerprint import file_stamp, fingerprint
from pimc.data.folds import FOLDS
from pimc.data.patch import FILL, Patch
from pimc.data.points.arrays import read_npz
from pimc.data.points.long import is_csv, read_long
from pimc.data.points.options import PointOptions
from pimc.data.points.table import PointTable, class_codes
from pimc.data.regular_file import check_regular, told

logger = logging.getLogger(__name__)

READER_VERSION = 2

EXPECTED = "a table of pixel series"


@dataclass(frozen=True, eq=False)
class PointPatch:
    """The pixels of one block, as a patch of H = number of pixels and W = 1.

    Attributes:
        patch_id: region, and the block's name, or its row and column counted from 0 N 0 E.
        table: its pixels.
        classes: names in the order of their codes, or None to leave labels unread.
        fold: of the block.
        origin: pixels of the same region in the blocks before.
        fingerprint: of file and options.
    """

    patch_id: str
    table: PointTable
    classes: tuple[str, ...] | None
    fold: int
    origin: int
    fingerprint: str

    def __call__(self) -> Patch:
        """Arrange the block's series as a patch; dates without any data in it are dropped."""
        table = self.table
        seen = (table.reflectance != FILL).any(axis=(0, 2))
        series = rearrange(table.reflectance[:, seen], "pixel time band -> time band pixel 1")
        labels = None
        if self.classes is not None and table.labels is not None:
            labels = class_codes(table.labels, self.classes, table.source)[:, None]
        return Patch(
            patch_id=self.patch_id,
            reflectance=np.ascontiguousarray(series),
            dates=table.dates[seen],
            bands=table.bands,
            place=str(table.regions[0]),
            folds=np.full((len(table.regions), 1), self.fold, dtype=np.uint8),
            labels=labels,
            origin=(self.origin, 0),
        )

    def name_pixels(self) -> pd.DataFrame:
        """What the table calls the block's pixels (``pimc.data.patch.NamedPixels``)."""
        names = self.table.name_pixels()
        return names.assign(row=np.arange(len(names)), col=0)


def point_scenes(options: PointOptions) -> dict[str, PointPatch]:
    """The blocks of a table of pixel series.

    The table is read here, once, and shared by the blocks: it holds no images, so it is small.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a malformed table, an unknown region, or a label that is not in ``classes``.
    """
    table = _with_data(_keep_regions(_read(options), options.regions))
    if options.classes is not None and table.labels is not None:
        class_codes(table.labels, options.classes, table.source)
    keys = block_keys(table, options.block_degrees)
    folds = block_folds(keys, table.regions)
    blocks = pd.DataFrame({"region": table.regions, "south": keys[:, 0], "west": keys[:, 1]})
    facts = (READER_VERSION, file_stamp(table.source), replace(options, path=""))
    used: Counter[str] = Counter()
    scenes = {}
    for block, members in blocks.groupby(list(blocks)).indices.items():
        region, south, west = cast(tuple[str, int, int], block)
        rows = np.asarray(members)
        name = f"r{south:+04d}_c{west:+04d}"
        if table.blocks is not None:
            name = str(table.blocks[rows[0]])
        patch_id = f"{region}_{name}".replace("/", "%2F")  # names a file
        scenes[patch_id] = PointPatch(
            patch_id=patch_id,
            table=table.take(rows),
            classes=options.classes,
            fold=int(folds[rows[0]]),
            origin=used[region],
            fingerprint=fingerprint("points", facts, patch_id),
        )
        used[region] += len(rows)
    logger.info("%s: %s; %d blocks", table.source, table.describe(), len(scenes))
    return scenes


def _read(options: PointOptions) -> PointTable:
    path = Path(options.path)
    if not path.exists():
        raise FileNotFoundError(
            f"no table of pixel series at {path}: point the path to an .npz, .parquet or .csv file"
        )
    check_regular(path, EXPECTED)
    with told(path, EXPECTED, "docs/data.md says what it holds"):
        if path.suffix == ".npz":
            return read_npz(path, options)
        if path.suffix == ".parquet" or is_csv(path):
            return read_long(path, options)
    raise ValueError(f"{path}: expected a table of pixel series, .npz, .parquet or .csv")


def _keep_regions(table: PointTable, regions: tuple[str, ...] | None) -> PointTable:
    """The pixels of the regions asked for."""
    if regions is None:
        return table
    known = set(table.regions.tolist())
    if not set(regions) <= known:
        raise ValueError(
            f"{table.source}: regions {', '.join(sorted(set(regions) - known))} are not in the "
            f"table, which has {', '.join(sorted(known))}"
        )
    return table.take(np.flatnonzero(np.isin(table.regions, regions)))


def _with_data(table: PointTable) -> PointTable:
    """The pixels that have data at any date.

    Raises:
        ValueError: fewer dates with data than a series needs.
    """
    seen = (table.reflectance != FILL).any(axis=2)
    need_dates(int(seen.any(axis=0).sum()), str(table.source))
    kept = np.flatnonzero(seen.any(axis=1))
    if len(kept) < len(seen):
        logger.info("%d of %d pixels have no data, dropped", len(seen) - len(kept), len(seen))
    return table.take(kept)


def block_keys(table: PointTable, degrees: float) -> np.ndarray:
    """N x 2 integers, the block of each pixel: that of the table, or a square of ``degrees``."""
    if table.blocks is not None:
        codes = np.unique(table.blocks, return_inverse=True)[1].ravel()
        return np.stack([codes, np.zeros_like(codes)], axis=1)
    lonlat = cast(np.ndarray, table.lonlat)  # the table has one where it has no blocks
    return np.asarray(np.floor(lonlat[:, ::-1] / degrees).astype(int))


def block_folds(keys: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Fold 1..5 of each pixel: blocks are kept whole, every region is spread evenly over folds.

    Region by region, the block with the most pixels that is left goes to the fold with the
    fewest so far. Folds hang on the positions of a region's pixels alone, so that leaving out
    another region, or relabelling, changes none. A block that two regions share counts as the
    first one's, because neighbours must not part.

    Args:
        keys: N x 2 integers, the block of each pixel.
        regions: N strings.

    Returns:
        N uint8.
    """
    blocks, first, block, sizes = np.unique(
        keys, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    folds = np.zeros(len(blocks), dtype=np.uint8)
    for region in np.unique(regions):
        members = np.flatnonzero(regions[first] == region)
        if len(members) < len(FOLDS):
            logger.warning("region %s has %d blocks for %d folds", region, len(members), len(FOLDS))
        filled = np.zeros(len(FOLDS), dtype=int)
        # stable: blocks of equal size keep their order from south-west to north-east
        for member in members[np.argsort(-sizes[members], kind="stable")]:
            fold = int(filled.argmin())
            folds[member] = FOLDS[fold]
            filled[fold] += sizes[member]
    return np.asarray(folds[block.ravel()])
