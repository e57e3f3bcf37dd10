"""Look at a few pixels of every image of a place: what is there, and what contradicts."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pimc.data.patch import FILL
from pimc.data.stack.checks import dark_end, find_jumps
from pimc.data.stack.images import Image
from pimc.data.stack.numbers import ASKED, UNTOLD
from pimc.data.stack.place import Place
from pimc.data.stack.validity import CAUSES

logger = logging.getLogger(__name__)

OFFSET_SINCE = "2022-01-25"
"""Processing baseline 04.00: L2A values carry +1,000 from here on, unless a provider removed it."""

TOO_DARK = -200
"""Where half of a band is darker, an offset was taken off that was not there: water and shadow lie
about 0."""


@dataclass(frozen=True)
class Look:
    """What a sample of one image shows.

    Attributes:
        data: n x m bool, where there are data in any band. Sample (i, j) stands for the pixel at
            ((i + 1/2) rows / n, (j + 1/2) cols / m).
        dark: the dark end of each band.
        medians: of each band; NaN without any value.
        bright: the 0.9 quantile of the positive ones; NaN without any.
        removed: how many values each cause removed, in the order of ``CAUSES``.
        seen: how many values were looked at.
    """

    data: np.ndarray
    dark: np.ndarray
    medians: np.ndarray
    bright: float
    removed: tuple[int, ...]
    seen: int


def look_at(place: Place, image: Image, step: int) -> Look:
    """Read about every ``step``-th row and column of an image."""
    rows, cols = place.grid.shape
    pixels = place.read(image, out_shape=(-(-rows // step), -(-cols // step)))
    valid = pixels.reflectance[pixels.reflectance != FILL]
    positive = valid[valid > 0]
    counts = np.bincount(pixels.cause.ravel(), minlength=len(CAUSES) + 1)
    return Look(
        data=np.asarray((pixels.reflectance != FILL).any(axis=0)),
        dark=dark_end(pixels.reflectance),
        medians=dark_end(pixels.reflectance, 0.5),
        bright=float(np.quantile(positive, 0.9)) if positive.size else np.nan,
        removed=tuple(int(count) for count in counts[1:]),
        seen=pixels.cause.size,
    )


def check_numbers(place: Place, looks: Sequence[Look]) -> None:
    """Compare what was said of a place's numbers with what the data look like.

    Raises:
        ValueError: integers that look like percent, or an offset asked for that was not there.
    """
    bright = np.array([look.bright for look in looks])
    if np.isfinite(bright).any() and np.nanmax(bright) <= 100:
        raise ValueError(
            f"place {place.name}: its values lie below 100, reflectance of 0.01: they look like "
            "percent; convert them to reflectance x 10,000"
        )
    _check_offsets(place, looks)
    _warn_of_jumps(place, looks)
    _warn_of_sources(place)


def _check_offsets(place: Place, looks: Sequence[Look]) -> None:
    """Refuse an offset asked for that makes ground darker than black; warn of a stated one."""
    found: dict[str, list[str]] = {}
    for image, look in zip(place.images, looks, strict=True):
        taken = [each for each in place.numbers(image) if each.add < 0]
        if taken and (look.medians < TOO_DARK).any():  # NaN is not
            found.setdefault(taken[0].source, []).append(image.day)
    for source, days in found.items():
        words = (
            f"place {place.name}: {source} takes off so much that half of a band on {_span(days)} "
            f"has a reflectance x 10,000 below {TOO_DARK}: its values carry no such offset"
        )
        if source == ASKED:
            raise ValueError(
                f"{words}; leave offset: auto, or give it by dates, such as "
                f'{{"{OFFSET_SINCE}/..": -1000}}'
            )
        logger.warning("%s; overrule it by the option offset", words)
    _warn_of_darkness(place, looks)


def _warn_of_darkness(place: Place, looks: Sequence[Look]) -> None:
    """Name dates that are too dark as they come: an offset was taken off before, and wrongly."""
    dark = [
        image.day
        for image, look in zip(place.images, looks, strict=True)
        if (look.medians < TOO_DARK).any()
        and not any(each.add < 0 for each in place.numbers(image))
    ]
    if dark:
        logger.warning(
            "place %s: half of a band on %s has a reflectance x 10,000 below %d as it comes: who "
            "made it probably took off an offset that was not there; put it back by offset: 1000",
            place.name,
            _span(dark),
            TOO_DARK,
        )


def _warn_of_jumps(place: Place, looks: Sequence[Look]) -> None:
    days = [image.day for image in place.images]
    jumps = find_jumps({day: look.dark for day, look in zip(days, looks, strict=True)})
    if jumps:
        listed = ", ".join(f"{move:+.0f} from {a} to {b}" for a, b, move in jumps[:6])
        logger.warning(
            "place %s: the darkest values of all bands jump by about 1,000 (%s%s): the offset "
            "probably differs between these dates; check what was applied, and set offset by dates",
            place.name,
            listed,
            ", ..." if len(jumps) > 6 else "",
        )


def _warn_of_sources(place: Place) -> None:
    """Name dates whose sources contradict each other, and new ones of which nothing is said."""
    disagree: dict[str, list[str]] = {}
    silent = []
    for image in place.images:
        for numbers in place.numbers(image):
            if numbers.disagree:
                words = f"{numbers.source} says {numbers.add:g} and counts, {numbers.disagree}"
                disagree.setdefault(words, []).append(image.day)
        untold = {UNTOLD, ASKED}
        if any(each.add == 0 and each.source in untold for each in place.numbers(image)):
            silent += [image.day] if image.day >= OFFSET_SINCE else []
    for words, days in disagree.items():
        logger.warning(
            "place %s: contradiction about the offset of %s: %s", place.name, _span(days), words
        )
    if silent:
        logger.warning(
            "place %s has dates since %s and no offset (%s): set offset to -1000 if these are L2A "
            "files whose provider did not remove it",
            place.name,
            OFFSET_SINCE,
            _span(silent),
        )


def _span(days: Sequence[str]) -> str:
    return days[0] if len(set(days)) == 1 else f"{len(set(days))} dates {days[0]} to {days[-1]}"


def summarise(place: Place, looks: Sequence[Look]) -> dict[str, Any]:
    """What was read of a place: files, dates, bands, numbers by date, no data by cause, mask."""
    files = {str(layer.file) for image in place.images for layer in place.layers(image)}
    merged = {
        image.day: [", ".join(part.paths) for part in image.parts]
        for image in place.images
        if len(image.parts) > 1
    }
    numbers = {image.day: _describe_numbers(place, image) for image in place.images}
    removed = np.sum([look.removed for look in looks], axis=0)
    seen = sum(look.seen for look in looks)
    first = place.images[0].parts[0].layers
    return {
        "files": len(files),
        "bands": {
            band: first[source].source
            for band, source in zip(place.bands, place.wanted.bands, strict=True)
        },
        "numbers": _by_dates(numbers),
        "merged": merged,
        "no_data": {
            cause: round(float(count / seen), 4)
            for cause, count in zip(CAUSES, removed, strict=True)
            if count
        },
        "mask": str(place.mask) if place.mask else "none",
    }


def log_summary(place: Place, looks: Sequence[Look], summary: Mapping[str, Any]) -> None:
    """One line of what was read of a place, and of the dates that are empty."""
    days = [image.day for image in place.images]
    empty = [day for day, look in zip(days, looks, strict=True) if not look.data.any()]
    if empty:
        logger.info(
            "place %s: %d of %d dates are empty, dropped: %s",
            place.name,
            len(empty),
            len(days),
            ", ".join(empty),
        )
    causes = ", ".join(f"{cause} {share:.1%}" for cause, share in summary["no_data"].items())
    logger.info(
        "place %s: %d files, %d of %d dates with data, %s to %s; bands %s; stored values %s; "
        "values missing: %s; cloud mask: %s%s",
        place.name,
        summary["files"],
        len(days) - len(empty),
        len(days),
        days[0],
        days[-1],
        ", ".join(f"{band} ({source})" for band, source in summary["bands"].items()),
        "; ".join(f"{words} on {span}" for span, words in summary["numbers"].items()),
        causes or "none",
        summary["mask"],
        f"; {len(summary['merged'])} dates merged of several images" if summary["merged"] else "",
    )


def _describe_numbers(place: Place, image: Image) -> str:
    """How stored values become reflectance x 10,000, in words."""
    words = [f"x {each.gain:g} {each.add:+g} ({each.source})" for each in place.numbers(image)]
    return ", ".join(dict.fromkeys(words))


def _by_dates(words: Mapping[str, str]) -> dict[str, str]:
    """Dates in a row of which the same holds, as first/last."""
    spans: list[tuple[str, str, str]] = []
    for day, text in words.items():
        if spans and spans[-1][2] == text:
            spans[-1] = (spans[-1][0], day, text)
        else:
            spans.append((day, day, text))
    return {first if first == last else f"{first}/{last}": text for first, last, text in spans}
