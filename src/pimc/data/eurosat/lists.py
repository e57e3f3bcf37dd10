"""Lists of image names that say which images train, select and test."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath

from pimc.data.eurosat.list_sets import LIST_SETS, TORCHGEO
from pimc.data.regular_file import check_regular

logger = logging.getLogger(__name__)

EXPECTED = "a text file with one name a line (AnnualCrop_1.jpg)"

LARGEST = 2**24
"""Bytes of a list: those of EuroSAT have 0.3 million."""


def read_list(path: Path) -> tuple[str, ...]:
    """Names of a list, one a line, without suffix: one list serves JPEGs and GeoTIFFs.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: if it is no text in UTF-8, is empty, or names an image twice.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"no list of EuroSAT images at {path}: expected {EXPECTED}; docs/data.md says where "
            "lists are"
        )
    check_regular(path, EXPECTED, LARGEST)
    names = tuple(PurePosixPath(line).stem for line in _read_text(path).split())
    if not names:
        raise ValueError(f"{path} names no image: expected {EXPECTED}; download the list again")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{path} names {some(twice)} more than once; leave one line of each")
    return names


def _read_text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before UTF-8
        if "\0" in text:
            raise UnicodeError("it has zero bytes, as UTF-16 has")
    except UnicodeError as error:
        raise ValueError(
            f"{path} is no text in UTF-8 ({error}): expected {EXPECTED}; save it as UTF-8"
        ) from error
    return text


def check_lists(lists: Mapping[str, Sequence[str]]) -> None:
    """Refuse lists that share an image: the test would know what was trained on.

    Raises:
        ValueError: which lists share which images.
    """
    owner: dict[str, str] = {}
    for split, names in lists.items():
        for other in lists:
            shared = [name for name in names if owner.get(name) == other]
            if shared:
                raise ValueError(f"the {other} and {split} lists share {some(shared)}")
        owner.update(dict.fromkeys(names, split))


def check_present(names: Sequence[str], present: Collection[str], where: str) -> None:
    """Refuse a list that names images that are not there.

    Args:
        names: of the list.
        present: names of the images that are there.
        where: of the list and the images, for the message.

    Raises:
        ValueError: which images.
    """
    missing = [name for name in names if name not in present]
    if missing:
        raise ValueError(
            f"{where} names images that are not there: {some(missing)}; put "
            "them there, or take them out of the list"
        )


def warn_of_changes(files: Sequence[Path], split: str) -> None:
    """Name the files of a published set that are not as they were published.

    They are read all the same: who has a part of the images has cut the lists.

    Args:
        files: in the order of ``LISTS``.
        split: the set that they are of.
    """
    published = LIST_SETS[split].sha256 if split in LIST_SETS else ()
    for path, expected in zip(files, published, strict=False):
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != expected:
            logger.warning(
                "%s is not the list that was published: expected SHA-256 %s, got %s. Figures do "
                "not stand beside those of others unless it is downloaded anew (%s)",
                path,
                expected,
                found,
                TORCHGEO + path.name,
            )


def some(names: Sequence[str], limit: int = 5) -> str:
    """The first few of many names."""
    rest = f" and {len(names) - limit} others" if len(names) > limit else ""
    return ", ".join(names[:limit]) + rest
