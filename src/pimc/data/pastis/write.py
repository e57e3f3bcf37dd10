"""Write patches in PASTIS's own layout, so that any reader of PASTIS opens them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.atomic import replace_text
from pimc.data.patch import SENTINEL2_BANDS, Georeference, Patch, PatchSource

logger = logging.getLogger(__name__)

PASTIS_EPSG = 2154
"""PASTIS's geometries are in Lambert-93."""


def write_pastis(scenes: Mapping[str, PatchSource], folder: Path) -> None:
    """Write every patch, the metadata and the normalisation; one patch is in memory at a time.

    The layout is the release's: ``DATA_S2/S2_<id>.npy`` int16, ``ANNOTATIONS/TARGET_<id>.npy``
    uint8 whose first channel is the class (the others, which no reader uses, are 0),
    ``ANNOTATIONS/ParcelIDs_<id>.npy`` int32, ``metadata.geojson`` and ``NORM_S2_patch.json``. The
    metadata come last: where they are, everything is.

    Args:
        scenes: patches by id; ids of digits, labels, parcels, one fold and a georeference each.
        folder: made if need be.

    Raises:
        ValueError: a patch lacks what PASTIS needs.
    """
    (folder / "DATA_S2").mkdir(parents=True, exist_ok=True)
    (folder / "ANNOTATIONS").mkdir(exist_ok=True)
    features: list[dict[str, Any]] = []
    sums: dict[int, np.ndarray] = {}
    for source in scenes.values():
        patch = source()
        feature = patch_feature(patch, number=len(features))
        _write_arrays(patch, folder)
        features.append(feature)
        fold = feature["properties"]["Fold"]
        sums[fold] = sums.get(fold, 0) + band_sums(patch.reflectance)
    norm = {f"Fold_{fold}": mean_and_std(sums[fold]) for fold in sorted(sums)}
    replace_text(folder / "NORM_S2_patch.json", json.dumps(norm, indent=4))
    collection = {
        "type": "FeatureCollection",
        "features": features,
        "crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{PASTIS_EPSG}"}},
    }
    replace_text(folder / "metadata.geojson", json.dumps(collection, indent=4))
    logger.info("%s: %d patches in PASTIS's layout", folder, len(features))


def _write_arrays(patch: Patch, folder: Path) -> None:
    labels, parcels = _ground_truth(patch)
    target = np.zeros((3, *labels.shape), dtype=np.uint8)
    target[0] = labels
    np.save(folder / "DATA_S2" / f"S2_{patch.patch_id}.npy", patch.reflectance)
    np.save(folder / "ANNOTATIONS" / f"TARGET_{patch.patch_id}.npy", target)
    np.save(folder / "ANNOTATIONS" / f"ParcelIDs_{patch.patch_id}.npy", parcels.astype(np.int32))


def _ground_truth(patch: Patch) -> tuple[np.ndarray, np.ndarray]:
    if patch.labels is None or patch.parcels is None:
        raise ValueError(
            f"patch {patch.patch_id} has no labels or no parcels; PASTIS's layout needs both"
        )
    return patch.labels, patch.parcels


def patch_feature(patch: Patch, number: int) -> dict[str, Any]:
    """The GeoJSON feature of a patch, with PASTIS's property names and value types.

    Args:
        patch: to describe.
        number: of the feature in its file.

    Raises:
        ValueError: the patch lacks labels, parcels, a georeference, PASTIS's bands, an id of
            digits or one fold for all of its pixels.
    """
    parcels = _ground_truth(patch)[1]
    folds = np.unique(patch.folds)
    if len(folds) != 1 or patch.bands != SENTINEL2_BANDS or not patch.patch_id.isdecimal():
        raise ValueError(
            f"patch {patch.patch_id}: PASTIS's layout needs an id of digits, one fold and the "
            f"bands {', '.join(SENTINEL2_BANDS)}; got folds {folds.tolist()} and bands "
            f"{', '.join(patch.bands)}"
        )
    if patch.georeference is None:
        raise ValueError(f"patch {patch.patch_id} has no georeference; PASTIS's layout needs one")
    days = np.char.replace(patch.dates.astype("datetime64[D]").astype(str), "-", "")
    return {
        "id": str(number),
        "type": "Feature",
        "properties": {
            "Fold": int(folds[0]),
            "ID_PATCH": int(patch.patch_id),
            "N_Parcel": len(np.unique(parcels[parcels > 0])),
            "Parcel_Cover": float((parcels > 0).mean()),
            "TILE": patch.place,
            "dates-S2": {str(date): int(day) for date, day in enumerate(days)},
            "id": patch.patch_id,
        },
        "geometry": _outline(patch.georeference, *parcels.shape),
    }


def _outline(georeference: Georeference, rows: int, cols: int) -> dict[str, Any]:
    """The patch's outline in Lambert-93, from its north-western corner clockwise."""
    from rasterio.warp import transform

    a, b, c, d, e, f = georeference.transform
    corners = np.array([(0, 0), (cols, 0), (cols, rows), (0, rows), (0, 0)])
    x = corners @ (a, b) + c
    y = corners @ (d, e) + f
    projected = transform(georeference.crs, f"EPSG:{PASTIS_EPSG}", x, y)
    ring = [list(point) for point in zip(*projected, strict=True)]
    return {"type": "MultiPolygon", "coordinates": [[ring]]}


def band_sums(images: np.ndarray) -> np.ndarray:
    """Count, sum and sum of squares of each band of T x C x H x W int16: 3 x C, exact in int64."""
    values = images.transpose(1, 0, 2, 3).reshape(images.shape[1], -1).astype(np.int64)
    return np.stack(
        [np.full(len(values), values.shape[1]), values.sum(axis=1), (values**2).sum(axis=1)]
    )


def mean_and_std(sums: np.ndarray) -> dict[str, list[float]]:
    """Mean and standard deviation of each band from ``band_sums`` added up, in digital numbers."""
    count, total, squares = sums
    mean = total / count
    return {"mean": mean.tolist(), "std": np.sqrt(squares / count - mean**2).tolist()}
