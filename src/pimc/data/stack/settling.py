"""Settle by headers, metadata and a few pixels how the files of a place are read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pimc.data.regular_file import told
from pimc.data.stack.bands import DATA_MASK
from pimc.data.stack.checks import judge_unit
from pimc.data.stack.header import Layer
from pimc.data.stack.images import Image
from pimc.data.stack.masks import (
    MASKS,
    CloudMask,
    check_shadow_alone,
    choose_mask,
    fit_percent,
    is_shadow_alone,
    unread_masks,
)
from pimc.data.stack.numbers import Numbers, check_type, needs_unit, settle_numbers
from pimc.data.stack.offsets import Offset, asked_offset
from pimc.data.stack.pixels import read_stored
from pimc.data.stack.statements import Statement
from pimc.data.stack.validity import is_fill, is_missing

logger = logging.getLogger(__name__)

SAMPLE_SIDE = 128
"""Rows and columns of a file that are looked at before its unit is known."""

STATED = "a scale and offset of reflectance, as tags, metadata or STAC items state them"


@dataclass(frozen=True)
class Reading:
    """What to read from the files of a place: see ``SceneOptions`` and ``StackOptions``."""

    bands: tuple[str, ...]
    band_names: tuple[str, ...] | None
    mask: str | None
    cloud_threshold: float | None
    offset: Offset
    grid: str
    resampling: str


def settle_numbers_of(
    place: str,
    images: Sequence[Image],
    bands: Sequence[str],
    offset: Offset,
    said: Callable[[Layer], Sequence[Statement]],
) -> dict[tuple[str, int], Numbers]:
    """Gain and add of every layer that is read.

    Args:
        place: name.
        images: of the place.
        bands: as they are named in the files.
        offset: the option.
        said: gives what metadata state of a layer, the closest first.
    """
    numbers = {}
    for image in images:
        asked = asked_offset(offset, place, image.day)
        for part in image.parts:
            layers = [part.layers[band] for band in dict.fromkeys(bands)]
            for layer in layers:
                check_type(layer)
            unit = _unit(layers, part.layers.get(DATA_MASK))
            for layer in layers:
                # floats of 0..1 were computed from what the sources speak of
                computed = layer.dtype.startswith("float") and unit != 1
                with told(layer.path, STATED, "correct what says so"):
                    statements = () if computed else said(layer)
                    settled = settle_numbers(layer, asked, statements, unit)
                numbers[str(layer.path), layer.index] = settled
    return numbers


def _unit(layers: Sequence[Layer], data_mask: Layer | None) -> float:
    """What physical values of a part are multiplied with, by the values themselves."""
    judged = [layer for layer in layers if needs_unit(layer)]
    if not judged:
        return 1.0
    nothing = None if data_mask is None else _thin(data_mask) == 0
    samples = []
    for layer in judged:
        stored, masked = _thinned(layer)
        scale, offset = layer.tag or (1.0, 0.0)
        physical = stored.astype(np.float64) * scale + offset
        missing = is_missing(stored, layer.no_data) | is_fill(stored) | (stored == 0)
        for no_data in (masked, nothing):
            if no_data is not None and no_data.shape == missing.shape:
                missing |= no_data
        physical[missing] = np.nan
        samples.append(physical.ravel())
    return judge_unit(np.concatenate(samples), str(judged[0].path))


def settle_mask(place: str, images: Sequence[Image], reading: Reading) -> CloudMask | None:
    """The cloud mask of a place; files without it are named and count as clear."""
    parts = [part for image in images for part in image.parts]
    available = {band for part in parts for band in part.layers}
    mask = choose_mask(reading.mask, reading.cloud_threshold, available, place)
    _warn_of_unread(place, mask, reading, unread_masks(available))
    if mask is None:
        return None
    lacking = [path for part in parts if mask.band not in part.layers for path in part.paths]
    if lacking:
        logger.warning(
            "place %s: %d of its files lack the mask band %s and count as free of cloud: %s",
            place,
            len(lacking),
            mask.band,
            ", ".join(lacking),
        )
    layers = [part.layers[mask.band] for part in parts if mask.band in part.layers]
    if mask.threshold is not None:
        return fit_percent(mask, [_thin(layer) for layer in layers])
    if mask.band == "CLOUD" and reading.mask == "auto":
        seen = _values(map(_thin, layers))
        if is_shadow_alone(seen):  # clouds may lie between the pixels looked at
            check_shadow_alone(_values(map(_stored, layers)), place)
    return mask


def _warn_of_unread(
    place: str, mask: CloudMask | None, reading: Reading, unread: Sequence[str]
) -> None:
    """Name what might tell clouds or missing data and does not: bands, or the threshold."""
    if unread:
        logger.warning(
            "place %s: bands %s are left unread: masks that are understood are called %s and %s; "
            "rename them if they are one of these",
            place,
            ", ".join(unread),
            ", ".join(MASKS),
            DATA_MASK,
        )
    if reading.cloud_threshold is not None and (mask is None or mask.threshold is None):
        logger.warning(
            "place %s: cloud_threshold has nothing to act on: its mask is %s", place, mask or "none"
        )


def _values(arrays: Iterable[np.ndarray]) -> set[float]:
    return {float(value) for array in arrays for value in np.unique(array)}


def _thinned(layer: Layer) -> tuple[np.ndarray, np.ndarray | None]:
    """A layer's values at some rows and columns, as stored, and where its mask hides it."""
    rows, cols = (min(SAMPLE_SIDE, length) for length in layer.grid.shape)
    values, masked = read_stored([layer], None, (rows, cols))
    return values[0], masked


def _thin(layer: Layer) -> np.ndarray:
    return _thinned(layer)[0]


def _stored(layer: Layer) -> np.ndarray:
    return np.asarray(read_stored([layer], None, None)[0][0])
