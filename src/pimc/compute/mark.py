"""A file in a folder by which a process on another machine finds out whether it sees the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4


@dataclass(frozen=True)
class Mark:
    """A file that no other folder has.

    Attributes:
        path: of the file.
        secret: that it holds.
    """

    path: Path
    secret: str

    def is_seen(self) -> bool:
        """Whether this process sees the folder, and not another one of its name."""
        try:
            return self.path.read_text() == self.secret
        except OSError:
            return False


@contextmanager
def marking(folder: Path) -> Iterator[Mark]:
    """A mark in a folder, which is made where it is not there; it goes at the end of the block."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    secret = uuid4().hex
    # a run that is killed leaves it, and the next one removes temporary files by this form of name
    mark = Mark(folder / f".seen-{secret[:8]}.{os.getpid()}.tmp", secret)
    mark.path.write_text(secret)
    try:
        yield mark
    finally:
        mark.path.unlink(missing_ok=True)
