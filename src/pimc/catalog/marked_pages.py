"""A folder of Markdown pages of which some blocks are made by a command, the rest by people."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from pimc.data.atomic import replace_text

logger = logging.getLogger(__name__)

BLOCK = re.compile(
    r"(?P<head><!-- made by: (?P<command>[^:>]+) : (?P<name>[^ >]+) -->\n)"
    r"(?P<body>.*?)(?P<end><!-- end -->)",
    re.DOTALL,
)


class MarkedPages(AbstractDataset[Mapping[str, str], dict[str, str]]):
    """Blocks of pages between ``<!-- made by: COMMAND : NAME -->`` and ``<!-- end -->``.

    Saving rewrites the blocks whose names are given, in the page that has a place for them, and
    leaves all others, and all text between them, as they are: a table is not lost when what it was
    made of is not at hand. Names without a place in any page are logged.
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None):
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """Blocks of all pages by name."""
        return {
            name: text
            for blocks in read_pages(self._path).values()
            for name, text in blocks.items()
        }

    def save(self, data: Mapping[str, str]) -> None:
        """Rewrite the blocks that are given and have a place."""
        pages = read_pages(self._path)
        homeless = [name for name in data if not any(name in blocks for blocks in pages.values())]
        if homeless:
            logger.warning(
                "no page of %s has a place for %s: put <!-- made by: COMMAND : NAME --> and "
                "<!-- end --> where it is wanted",
                self._path,
                ", ".join(homeless),
            )
        for page, blocks in pages.items():
            if not blocks.keys().isdisjoint(data):
                replace_text(page, replace_blocks(page.read_text(), data))

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def read_pages(folder: Path) -> dict[Path, dict[str, str]]:
    """Blocks by page and name.

    Raises:
        ValueError: if two blocks have one name, or one has no end.
    """
    pages = {page: read_blocks(page.read_text(), page) for page in sorted(folder.glob("*.md"))}
    for one, other in combinations(pages, 2):
        if both := pages[one].keys() & pages[other].keys():
            raise ValueError(f"{one} and {other} both have block {', '.join(sorted(both))}")
    return pages


def read_blocks(text: str, page: Path | str = "the page") -> dict[str, str]:
    """Blocks of a page by name.

    Raises:
        ValueError: if two blocks have one name, or one has no end.
    """
    blocks: dict[str, str] = {}
    for match in BLOCK.finditer(text):
        if match["name"] in blocks:
            raise ValueError(f"two blocks of {page} are called {match['name']}")
        if "<!-- made by:" in match["body"]:
            raise ValueError(f"block {match['name']} of {page} has no <!-- end -->")
        blocks[match["name"]] = match["body"]
    return blocks


def replace_blocks(text: str, blocks: Mapping[str, str]) -> str:
    """The page with the bodies of some of its blocks replaced."""

    def body(match: re.Match[str]) -> str:
        new = blocks.get(match["name"])
        return match[0] if new is None else f"{match['head']}{new.strip()}\n{match['end']}"

    return BLOCK.sub(body, text)
