"""Files of others: only what ends is opened, and what a decoder says of it is told with its path.

A fifo would block its reader, a device would never stop.
"""

from __future__ import annotations

import os
import stat
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
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
        FileNotFoundError: if there is nothing, or it may not be looked at.
        ValueError: naming the path and what is there.
    """
    try:
        status = path.stat()
    except OSError as error:  # nothing, a link to nothing or to itself
        raise FileNotFoundError(
            f"{path}: expected {expected}, got {error.strerror}; put the file itself there"
        ) from error
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
        raise ValueError(f"{path}: expected {expected}, got {kind}; put the file itself there")
    if largest is not None and status.st_size > largest:
        raise ValueError(
            f"{path}: expected {expected}, at most {largest:,} bytes, got {status.st_size:,}; put "
            "the right file there"
        )


def memory() -> int:
    """Bytes of this machine's memory: what is read whole must be less."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@contextmanager
def told(path: Path, expected: str, remedy: str) -> Iterator[None]:
    """Tell whatever decoding a file meets by its path, what was expected and what to do.

    Decoders raise of all kinds on damaged bytes. Errors of this project that name the path already,
    and packages that are not installed, pass as they are.

    Raises:
        ValueError: of any other error in the block.
    """
    try:
        yield
    except ImportError:
        raise
    except Exception as error:
        if str(path) in str(error) and _is_own(error):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, (LookupError, TypeError, AttributeError)):  # a word alone, as a rule
            reason = f"{type(error).__name__} {reason}"
        raise ValueError(f"{path}: expected {expected}, got {reason[:400]}; {remedy}") from error


def _is_own(error: Exception) -> bool:
    """Whether this project has worded an error, and no library below it."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).startswith("pimc.")
