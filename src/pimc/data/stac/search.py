"""Search a STAC API once and keep what it found, so that a run can be made again."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pimc.data.atomic import replace_text
from pimc.data.json_file import read_json

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Search:
    """What to ask a STAC API for.

    Attributes:
        url: of the API.
        collection: id, such as sentinel-2-l2a.
        bbox: west, south, east and north in degrees.
        dates: first and last day, ``2021-05-01/2021-10-31``.
        query: conditions on properties, such as ``{"eo:cloud_cover": {"lt": 60}}``; None for none.
    """

    url: str
    collection: str
    bbox: tuple[float, ...]
    dates: str
    query: Mapping[str, Any] | None = None


def search_once(search: Search, path: Path) -> None:
    """Make a search and keep its items in a file, unless that file holds them already.

    Raises:
        ImportError: pystac-client is missing.
        ValueError: a folder, another search in the file, an API that fails or finds nothing.
    """
    if path.is_dir():
        raise ValueError(
            f"{path} is a folder: with url, the path is the file that keeps the items found, such "
            f"as {path / 'items.json'}"
        )
    asked = json.loads(json.dumps(asdict(search)))
    if path.exists():
        _check_same(asked, path)
        return
    found = _search(search)
    if not found["features"]:
        raise ValueError(
            f"{search.url} has no items of {search.collection} in {search.dates} at bbox "
            f"{search.bbox} (west, south, east, north in degrees)"
        )
    found["features"].sort(key=lambda item: (str(item["properties"].get("datetime")), item["id"]))
    replace_text(path, json.dumps({**found, "search": asked}, indent=1))
    logger.info("%s: %d items, kept in %s", search.url, len(found["features"]), path)


def _check_same(asked: Mapping[str, Any], path: Path) -> None:
    """Refuse the result of another search; a file that was saved elsewhere tells none."""
    kept = read_json(path, dict, "remove it to search again").get("search")
    if not isinstance(kept, Mapping):
        kept = {}
    differs = sorted(key for key in asked if key not in kept or asked[key] != kept[key])
    if differs:
        raise ValueError(
            f"{path} holds the items of another search ({', '.join(differs)} differ): remove it to "
            "search again, name another path, or leave url out (null) to take these items"
        )
    logger.info("%s: items of this search are there, it is not made again", path)


def _search(search: Search) -> dict[str, Any]:
    try:
        from pystac_client import Client
        from pystac_client.exceptions import APIError
    except ImportError as error:
        raise ImportError(
            f'a STAC API is searched by pystac-client ({error}): pip install -e ".[stac]"'
        ) from error
    try:
        found = Client.open(search.url).search(
            collections=[search.collection],
            bbox=list(search.bbox),
            datetime=search.dates,
            query=None if search.query is None else dict(search.query),
        )
        return dict(found.item_collection_as_dict())
    except (APIError, OSError) as error:
        raise ValueError(
            f"{search.url}: the search failed ({error}); check the URL, collection and dates, or "
            "save its ItemCollection elsewhere and point path to that"
        ) from error
