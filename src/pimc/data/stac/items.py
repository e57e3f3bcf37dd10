"""The items of a saved collection and those of their assets that name a band."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from pimc.data.dates import written_days
from pimc.data.json_file import parse_json
from pimc.data.stack.bands import is_known, split_name
from pimc.data.stack.statements import items_of

EXPECTED = "an ItemCollection or an item of STAC, as JSON"
REMEDY = "save it again"


@dataclass(frozen=True, eq=False)
class Asset:
    """One file of an item.

    Attributes:
        path: collection/item/asset, in messages and to find what is said of it.
        href: where its file lies.
        name: of its band in Sentinel-2's spelling.
        day: of the item, ISO.
        product: time and id of the item, by which items of a day are told apart and ordered.
        item: that it belongs to.
    """

    path: Path
    href: str
    name: str
    day: str
    product: str
    item: Mapping[str, Any]


def find_collections(root: Path) -> dict[str, Path]:
    """Files with items, one a place: the path itself, or the JSON files of a folder.

    Raises:
        FileNotFoundError: neither.
    """
    if root.exists() and not root.is_dir():
        return {root.stem: root}
    found = sorted(root.glob("*.json")) + sorted(root.glob("*.geojson"))
    if not found:
        raise FileNotFoundError(
            f"no STAC items at {root}: point the path to a saved ItemCollection (JSON), or to a "
            "folder of such files, one a place; or set url, collection, bbox and dates, and the "
            "path is where the items found are kept"
        )
    return {path.stem: path for path in found}


def read_items(path: Path) -> dict[Path, Mapping[str, Any]]:
    """Items of a file by their path below it.

    Raises:
        ValueError: no items, one that is none, or two of one id.
    """
    read = parse_json(path, EXPECTED, REMEDY)
    items, features = items_of(read), read.get("features", [read]) if isinstance(read, dict) else []
    if not items or len(items) < len(features) or not all("id" in item for item in items):
        found = f"{len(items)} such of {len(features)}" if items else "no item"
        raise ValueError(
            f"{path}: expected {EXPECTED}, each with an id, properties and assets, found {found}; "
            f"{REMEDY}"
        )
    by_path = {path / quote(str(item["id"]), safe=""): item for item in items}
    if len(by_path) < len(items):
        raise ValueError(f"{path}: {len(items) - len(by_path)} of its items have another's id")
    return by_path


def find_assets(path: Path, item: Mapping[str, Any], names: Collection[str]) -> Iterator[Asset]:
    """The assets of an item that hold a band of these names.

    Args:
        path: of the item.
        item: as saved.
        names: in Sentinel-2's spelling.

    Raises:
        ValueError: an item without a time.
    """
    properties = item.get("properties") or {}
    time = properties.get("datetime") or properties.get("start_datetime")
    if not time:
        raise ValueError(f"{path}: the item has neither datetime nor start_datetime")
    day = str(written_days(np.array([str(time)]), str(path))[0])
    for key, asset in item["assets"].items():
        name = _band(key, asset)
        if name in names and asset.get("href"):
            yield Asset(
                path=path / quote(key, safe=""),
                href=_resolved(str(asset["href"]), path.parent.parent),
                name=name,
                day=day,
                product=f"{time} {item['id']}",
                item=item,
            )


def _band(key: str, asset: Mapping[str, Any]) -> str:
    """By the key of the asset, else by what STAC says of its one band."""
    described = [*asset.get("eo:bands", []), *asset.get("bands", [])]
    texts = [key]
    if len(described) == 1:
        fields = ("name", "common_name", "eo:common_name")
        texts += [str(described[0][each]) for each in fields if described[0].get(each)]
    names = (split_name(text)[1] for text in texts)
    return next((name for name in names if is_known(name)), "")


def _resolved(href: str, folder: Path) -> str:
    """An address as it is, a path relative to the file of the items made absolute."""
    if "://" in href or href.startswith("/"):
        return href.removeprefix("file://")
    return os.path.abspath(folder / href)  # links keep their names in errors
