"""A Markdown page of which some blocks are made by a command, the rest by people."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
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


class MarkedPage(AbstractDataset[Mapping[str, str], dict[str, str]]):
    """Blocks of a page between ``<!-- made by: COMMAND : NAME -->`` and ``<!-- end -->``.

    Saving rewrites the blocks whose names are given and leaves all others, and all text between
    them, as they are: a table is not lost when what it was made of is not at hand. Names without
    a place in the page are logged.
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None):
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """Blocks by name."""
        return read_blocks(self._path.read_text())

    def save(self, data: Mapping[str, str]) -> None:
        """Rewrite the blocks that are given and have a place."""
        text = self._path.read_text()
        known = read_blocks(text)
        homeless = [name for name in data if name not in known]
        if homeless:
            logger.warning(
                "%s has no place for %s: put <!-- made by: COMMAND : NAME --> and <!-- end --> "
                "where it is wanted",
                self._path,
                ", ".join(homeless),
            )
        replace_text(self._path, replace_blocks(text, data))

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def read_blocks(text: str) -> dict[str, str]:
    """Blocks of a page by name.

    Raises:
        ValueError: if two blocks have one name, or one has no end.
    """
    blocks: dict[str, str] = {}
    for match in BLOCK.finditer(text):
        if match["name"] in blocks:
            raise ValueError(f"two blocks of the page are called {match['name']}")
        if "<!-- made by:" in match["body"]:
            raise ValueError(f"block {match['name']} of the page has no <!-- end -->")
        blocks[match["name"]] = match["body"]
    return blocks


def replace_blocks(text: str, blocks: Mapping[str, str]) -> str:
    """The page with the bodies of some of its blocks replaced."""

    def body(match: re.Match[str]) -> str:
        new = blocks.get(match["name"])
        return match[0] if new is None else f"{match['head']}{new.strip()}\n{match['end']}"

    return BLOCK.sub(body, text)
