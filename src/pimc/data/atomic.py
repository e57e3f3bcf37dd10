"""Writing files so that a cut run never leaves half of one: temporary name, then rename."""

from __future__ import annotations

import os
from pathlib import Path


def temporary_sibling(path: Path) -> Path:
    """A name beside ``path`` (same file system, so that the rename is atomic)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, whole or not at all."""
    temporary = temporary_sibling(path)
    temporary.write_text(text)
    temporary.replace(path)
