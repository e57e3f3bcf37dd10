"""Files that end: a fifo would block its reader, a device would never stop."""

from __future__ import annotations

import stat
from pathlib import Path

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a fifo",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def check_regular(path: Path, expected: str, largest: int | None = None) -> None:
    """Refuse what cannot be read to its end, or is far larger than it should be.

    Args:
        path: links are followed.
        expected: what should be there, for the message.
        largest: in bytes; None takes any size.

    Raises:
        OSError: if there is nothing, or it may not be looked at.
        ValueError: naming the path and what is there.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
        raise ValueError(f"{path}: expected {expected}, got {kind}; put the file itself there")
    if largest is not None and status.st_size > largest:
        raise ValueError(
            f"{path}: expected {expected}, at most {largest:,} bytes, got {status.st_size:,}; put "
            "the right file there"
        )
