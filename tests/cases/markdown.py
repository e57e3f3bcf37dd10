"""What a Markdown page holds, as far as the tests of the docs ask."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

FENCE = re.compile(r"\s*```")
ITEM = re.compile(r"\s*([-*+]|\d+\.) ")
HEADING = re.compile(r"#+ (.*)")


@dataclass
class Page:
    """A page taken apart.

    Attributes:
        prose: lines outside tables, code and comments, by their number from 1.
        paragraphs: those lines joined; an item of a list is one of its own.
        tables: lines of tables.
        code: lines of code blocks.
        anchors: of the headings, as GitHub names them.
    """

    prose: dict[int, str] = field(default_factory=dict)
    paragraphs: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """Where links and code spans stand: paragraphs and rows of tables."""
        return self.paragraphs + self.tables

    @property
    def links(self) -> list[str]:
        """Targets of the links, of images too."""
        return [
            target
            for text in self.texts
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", text))
        ]

    @property
    def spans(self) -> list[str]:
        """Texts of the code spans."""
        return [span for text in self.texts for span in re.findall(r"`([^`]+)`", text)]

    @property
    def commands(self) -> list[str]:
        """Commands of Kedro, in code blocks and spans."""
        whole = "\n".join(self.code).replace("\\\n", " ")
        found = [text for text in [*whole.splitlines(), *self.spans] if "kedro run" in text]
        return [text[text.index("kedro run") :] for text in found]


def read_page(text: str) -> Page:
    """Take a page apart."""
    page, started, in_code = Page(), False, False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            started, in_code = False, not in_code
        elif in_code:
            page.code.append(line)
        elif line.startswith("|"):
            started = False
            page.tables.append(line)
        elif not line.strip() or line.startswith("<!--"):
            started = False
        else:
            page.prose[number] = line
            heading = HEADING.match(line)
            if heading:
                page.anchors.append(anchor(heading[1]))
            if started and not ITEM.match(line) and not heading:
                page.paragraphs[-1] += " " + line.strip()
            else:
                page.paragraphs.append(line.strip())
            started = not heading
    return page


def anchor(heading: str) -> str:
    """Name of a heading in links, as GitHub makes it."""
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", shown.lower()).strip().replace(" ", "-")
