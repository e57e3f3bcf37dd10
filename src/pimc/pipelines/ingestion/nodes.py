"""Nodes of ingestion: thin wrappers that sample patches and tabulate what was kept."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pimc.data.patch import (
    FILL,
    LABEL_COLUMNS,
    LabelledGround,
    NamedPixels,
    Patch,
    PatchSource,
)
from pimc.signal.calendar import NO_DATE
from pimc.signal.patch_sample import PatchSample, SampleTask, sample_patch
from pimc.signal.sampling import SamplingOptions
from pimc.signal.screening import ScreeningOptions
from pimc.signal.sharded_array import ShardedArray

logger = logging.getLogger(__name__)

SAMPLE_VERSION = 2
"""Raise it when the code gives other samples from the same patch and options."""


def plan_samples(
    scenes: Mapping[str, PatchSource],
    sampling: SamplingOptions,
    screening: ScreeningOptions,
    classes: list[str],
) -> tuple[dict[str, SampleTask], pd.DataFrame, list[str], pd.DataFrame]:
    """One task a patch, what the source calls its pixels, its classes, and its labelled features.

    The dataset of samples makes those that are not on disk yet, one at a time. Classes are those
    of the parameters, unless the source has labels with names of their own.
    """
    settings = f"{SAMPLE_VERSION} {sampling} {screening}"
    tasks = {
        patch_id: SampleTask(
            key=hashlib.sha256(f"{settings} {source.fingerprint}".encode()).hexdigest()[:12],
            make=partial(_sample, source, sampling, screening),
        )
        for patch_id, source in scenes.items()
    }
    return tasks, name_pixels(scenes), *find_labels(scenes, classes)


def find_labels(
    scenes: Mapping[str, PatchSource], classes: list[str]
) -> tuple[list[str], pd.DataFrame]:
    """Names of the classes by code, and the labelled features (``LabelledGround.label_table``).

    Without labels of a file: the classes given, and a table without rows.
    """
    for source in scenes.values():
        if isinstance(source, LabelledGround) and source.classes and source.label_table is not None:
            return list(source.classes), source.label_table
    return list(classes), pd.DataFrame({name: [] for name in LABEL_COLUMNS})


def name_pixels(scenes: Mapping[str, PatchSource]) -> pd.DataFrame:
    """Patch, row and col of each pixel that its source has a name of its own for, and the name.

    Columns as in ``pimc.data.patch.NamedPixels``; sources of images have no such names, and all
    pixels of a table have, sampled or not.
    """
    parts = [
        source.name_pixels().assign(patch=patch_id)
        for patch_id, source in scenes.items()
        if isinstance(source, NamedPixels)
    ]
    nothing = pd.DataFrame({"patch": pd.Series(dtype=str), "row": [], "col": []})
    return pd.concat(parts, ignore_index=True) if parts else nothing


def _sample(
    source: PatchSource, sampling: SamplingOptions, screening: ScreeningOptions
) -> PatchSample:
    patch: Patch = source()
    return sample_patch(patch, sampling, screening)


def tabulate_pixels(
    samples: Mapping[str, PatchSample], classes: list[str], labelled_features: pd.DataFrame
) -> pd.DataFrame:
    """One row a sampled pixel: patch, place, fold, position, label (-1 unknown), parcel.

    With labels of a file also the block of its feature (0: of none), and how its ground was dealt
    to folds.

    Raises:
        ValueError: if a label lies outside ``classes``.
    """
    parts = []
    for number, sample in enumerate(samples.values()):
        row, col, fold, label, parcel = np.asarray(sample.pixels).T
        if label.size and label.max() >= len(classes):
            raise ValueError(
                f"label must be 0..{len(classes) - 1} ({len(classes)} classes), got {label.max()} "
                f"in patch {sample.patch_id}; correct `classes` or the labels"
            )
        columns = {"patch_index": number, "fold": fold, "row": row, "col": col}
        place = {"y": row + sample.origin[0], "x": col + sample.origin[1]}
        parts.append(pd.DataFrame({**columns, **place, "label": label, "parcel": parcel}))
    sizes = [len(part) for part in parts]
    pixels = pd.concat(parts, ignore_index=True)
    ids = [sample.patch_id for sample in samples.values()]
    places = [sample.place for sample in samples.values()]
    pixels.insert(0, "patch", np.repeat(ids, sizes))
    pixels.insert(2, "place", np.repeat(places, sizes))
    if len(labelled_features):
        blocks = labelled_features.set_index("parcel")["block"]
        pixels["block"] = pixels["parcel"].map(blocks).fillna(0).astype(np.int64)
        pixels["dealing"] = np.repeat([sample.dealing for sample in samples.values()], sizes)
    logger.info("%d pixels of %d patches", len(pixels), len(samples))
    return pixels


def join_series(samples: Mapping[str, PatchSample]) -> tuple[ShardedArray, np.ndarray]:
    """Reflectance of all pixels as one array, and the dates of each patch.

    Returns:
        P x T x C int16 (``FILL`` where missing and behind a patch's last date), and
        patches x T int32 days since 1970-01-01 (``NO_DATE`` behind the last).
    """
    series = [sample.reflectance for sample in samples.values()]
    reflectance = ShardedArray(series, FILL, common_bands(samples))
    acquisitions = np.full((len(samples), reflectance.shape[1]), NO_DATE, np.int32)
    for row, sample in zip(acquisitions, samples.values(), strict=True):
        row[: len(sample.days)] = sample.days
    return reflectance, acquisitions


def join_frames(samples: Mapping[str, PatchSample]) -> tuple[ShardedArray, pd.DataFrame]:
    """The images kept of all patches as one array F x C x H x W int16, and their table."""
    images = [sample.frames for sample in samples.values()]
    frames = ShardedArray(images, FILL, common_bands(samples))
    parts = [
        pd.DataFrame(
            {
                "patch": sample.patch_id,
                "patch_index": number,
                "place": sample.place,
                "acquisition": np.asarray(sample.frame_acquisitions),
                "day": np.asarray(sample.days)[sample.frame_acquisitions],
                "clear_fraction": np.asarray(sample.frame_clear),
            }
        )
        for number, sample in enumerate(samples.values())
    ]
    table = pd.concat(parts, ignore_index=True)
    table.insert(3, "frame", np.arange(len(table)))
    return frames, table


def common_bands(samples: Mapping[str, PatchSample]) -> tuple[str, ...]:
    """Names of the bands that all series and images hold, in their order.

    Raises:
        ValueError: if two patches hold other bands.
    """
    first = next(iter(samples.values()))
    for sample in samples.values():
        if sample.bands != first.bands:
            raise ValueError(
                f"all patches must hold the same bands, got {', '.join(first.bands)} in patch "
                f"{first.patch_id} and {', '.join(sample.bands)} in patch {sample.patch_id}"
            )
    return first.bands


def describe_scenes(samples: Mapping[str, PatchSample]) -> dict[str, Any]:
    """What there is of each place: patches, pixels, dates, missing values, stand-in bands.

    ``reading`` says what the reader made of its files, and ``removed`` how many values of its
    images are no data, by cause.
    """
    places: dict[str, dict[str, Any]] = {}
    for sample in samples.values():
        place = places.setdefault(
            sample.place,
            {"patches": 0, "pixels": 0, "observations": 0, "missing": 0, "dates": set()},
        )
        missing = (np.asarray(sample.reflectance) == FILL).any(axis=2)
        place["patches"] += 1
        place["pixels"] += len(sample.pixels)
        place["observations"] += missing.size
        place["missing"] += int(missing.sum())
        place["dates"] |= {str(np.datetime64(int(day), "D")) for day in sample.days}
        place["substitutions"] = dict(sample.substitutions)
        place["reading"] = dict(sample.reading)
        removed = Counter(place.get("removed", {})) + Counter(sample.removed)
        place["removed"] = dict(removed)
    for place in places.values():
        dates = sorted(place.pop("dates"))
        place |= {"dates": len(dates), "first": dates[0], "last": dates[-1]}
    return {"places": places}
