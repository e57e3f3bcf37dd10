"""PASTIS and PASTIS-R as released (Garnot and Landrieu 2021, Zenodo 5012942 and 5735646)."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pimc.data.dates import need_dates
from pimc.data.fingerprint import file_stamp, fingerprint
from pimc.data.folds import FOLDS
from pimc.data.pastis.metadata import Ground, PastisRecord, check_size, ground_of, read_metadata
from pimc.data.pastis.npy import npy_shape
from pimc.data.patch import SENTINEL2_BANDS, Patch
from pimc.data.regular_file import told

logger = logging.getLogger(__name__)

PASTIS_CLASSES = (
    "Background",
    "Meadow",
    "Soft winter wheat",
    "Corn",
    "Winter barley",
    "Winter rapeseed",
    "Spring barley",
    "Sunflower",
    "Grapevine",
    "Beet",
    "Winter triticale",
    "Winter durum wheat",
    "Fruits, vegetables, flowers",
    "Potatoes",
    "Leguminous fodder",
    "Soybeans",
    "Orchard",
    "Mixed cereal",
    "Sorghum",
    "Void",
)
"""Class names in the order of their codes in ``TARGET_<id>.npy``."""

READER_VERSION = 1


@dataclass(frozen=True)
class PastisOptions:
    """Which part of a PASTIS folder to read.

    Attributes:
        path: the folder that holds ``metadata.geojson`` (or its parent, as unpacked).
        folds: official folds to keep, among 1..5.
        limit: keep at most this many patches, taken from the folds in turn so that a small
            sample still has all of them; None for all.
    """

    path: str
    folds: tuple[int, ...] = FOLDS
    limit: int | None = None

    def __post_init__(self) -> None:
        """Check folds and limit."""
        if not self.folds or not set(self.folds) <= set(FOLDS):
            raise ValueError(f"folds must be some of 1..5, got {self.folds}")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit must be at least 1, or null for all patches; got {self.limit}")


@dataclass(frozen=True)
class PastisFiles:
    """The files of a patch; labels and parcels None where the folder has none."""

    images: Path
    labels: Path | None
    parcels: Path | None


@dataclass(frozen=True)
class PastisPatch:
    """One patch of PASTIS, its images left in the file until they are used."""

    record: PastisRecord
    ground: Ground
    files: PastisFiles
    fingerprint: str

    def __call__(self) -> Patch:
        """Memory-map the images; read labels and parcels.

        Raises:
            ValueError: a label outside the 20 classes.
        """
        reflectance = np.load(self.files.images, mmap_mode="r")
        parcels = self.files.parcels
        return Patch(
            patch_id=self.record.patch_id,
            reflectance=reflectance,
            dates=self.record.dates,
            bands=SENTINEL2_BANDS,
            place=self.ground.place,
            folds=np.full(reflectance.shape[2:], self.record.fold, dtype=np.uint8),
            labels=None if self.files.labels is None else read_labels(self.files.labels),
            parcels=None if parcels is None else np.load(parcels),
            origin=self.ground.origin,
            georeference=self.ground.georeference,
        )


def read_labels(path: Path) -> np.ndarray:
    """H x W uint8 semantic classes: channel 0 of ``TARGET_<id>.npy``.

    Raises:
        ValueError: a label outside the 20 classes.
    """
    with told(path, "labels of pixels, channels x rows x columns", "extract it again"):
        labels = np.array(np.load(path, mmap_mode="r")[0])
    if labels.max() >= len(PASTIS_CLASSES):
        raise ValueError(
            f"{path}: labels must be 0..{len(PASTIS_CLASSES) - 1} ({len(PASTIS_CLASSES)} classes), "
            f"got {sorted(set(labels[labels >= len(PASTIS_CLASSES)].tolist()))[:9]}; extract it "
            "again"
        )
    return labels


def pastis_scenes(options: PastisOptions) -> dict[str, PastisPatch]:
    """The patches of a PASTIS folder, unread; metadata and file headers are checked here.

    Raises:
        FileNotFoundError: no such folder, no ``metadata.geojson``, or a patch's file missing.
        ValueError: malformed metadata, a truncated file, other bands, dates that do not match
            the images, or no patch in the folds asked for.
    """
    root = _find_root(Path(options.path))
    records, crs = read_metadata(root / "metadata.geojson")
    ground = ground_of(records, crs)
    kept = _choose(records, options)
    if not kept:
        raise ValueError(
            f"{root / 'metadata.geojson'}: none of its {len(records)} patches is in folds "
            f"{options.folds}; it has folds {sorted({record.fold for record in records})}"
        )
    annotations = root / "ANNOTATIONS"
    labelled = any(annotations.glob("TARGET_*.npy"))
    parcelled = any(annotations.glob("ParcelIDs_*.npy"))
    if not labelled:
        logger.warning("%s has no TARGET_<id>.npy: its patches have no labels", annotations)
    scenes = {}
    for record in kept:
        name = f"{record.patch_id}.npy"
        files = PastisFiles(
            images=root / "DATA_S2" / f"S2_{name}",
            labels=annotations / f"TARGET_{name}" if labelled else None,
            parcels=annotations / f"ParcelIDs_{name}" if parcelled else None,
        )
        scenes[record.patch_id] = _source(record, ground[record.patch_id], files)
    days = sorted(day for record in kept for day in (record.days[0], record.days[-1]))
    logger.info(
        "%d of %d PASTIS patches in %s, %s to %s, tiles %s, %s",
        len(scenes),
        len(records),
        root,
        days[0],
        days[-1],
        ", ".join(sorted({record.tile for record in kept})),
        crs,
    )
    return scenes


def _find_root(root: Path) -> Path:
    """The folder with ``metadata.geojson``: the one given, or the archive's own inside it."""
    if not root.is_dir():
        raise FileNotFoundError(
            f"no PASTIS folder at {root}: download PASTIS from Zenodo record 5012942 "
            "(or PASTIS-R from 5735646), unpack it, and point the path there"
        )
    for folder in (root, root / "PASTIS", root / "PASTIS-R"):
        if (folder / "metadata.geojson").is_file():
            return folder
    raise FileNotFoundError(
        f"no metadata.geojson in {root}: expected PASTIS as released, with DATA_S2/, ANNOTATIONS/ "
        f"and metadata.geojson; found {', '.join(sorted(p.name for p in root.iterdir())[:8])}"
    )


def _choose(records: list[PastisRecord], options: PastisOptions) -> list[PastisRecord]:
    """Records of the folds asked for, in file order; with a limit, from the folds in turn."""
    by_fold: dict[int, list[PastisRecord]] = defaultdict(list)
    for record in records:
        if record.fold in options.folds:
            by_fold[record.fold].append(record)
    turns = [
        (turn, fold, record)
        for fold, members in sorted(by_fold.items())
        for turn, record in enumerate(members)
    ]
    turns.sort(key=lambda entry: entry[:2])
    chosen = {record.patch_id for _, _, record in turns[: options.limit]}
    return [record for record in records if record.patch_id in chosen]


def _source(record: PastisRecord, ground: Ground, files: PastisFiles) -> PastisPatch:
    """Check a patch's files against its record by their headers."""
    paths = [path for path in (files.images, files.labels, files.parcels) if path is not None]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(
                f"{path}: metadata.geojson names patch {record.patch_id} but this file is "
                "missing; extract the archive again, or take the patch out of the metadata"
            )
    times, bands, *size = npy_shape(files.images, np.int16, 4)
    if bands != len(SENTINEL2_BANDS):
        raise ValueError(
            f"{files.images}: expected {len(SENTINEL2_BANDS)} bands "
            f"({' '.join(SENTINEL2_BANDS)}), got {bands}"
        )
    if times != len(record.days):
        raise ValueError(
            f"{files.images}: {times} images but {len(record.days)} dates in metadata.geojson "
            f"(dates-S2 of patch {record.patch_id}); every image needs its date"
        )
    need_dates(times, str(files.images))
    check_size(record, *size)
    ground_shapes = {}
    if files.labels is not None:
        ground_shapes[files.labels] = npy_shape(files.labels, np.uint8, 3)[1:]
    if files.parcels is not None:
        ground_shapes[files.parcels] = npy_shape(files.parcels, np.int32, 2)
    for path, shape in ground_shapes.items():
        if shape != tuple(size):
            raise ValueError(
                f"{path}: expected {size[0]} x {size[1]} pixels like the images, got {shape}"
            )
    stamps = [file_stamp(path) for path in paths]
    return PastisPatch(
        record, ground, files, fingerprint("pastis", READER_VERSION, record, ground, stamps)
    )
