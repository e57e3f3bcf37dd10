"""Writing files so that a cut run never leaves half of one: temporary name, then rename."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)


class DiskError(OSError):
    """A full disk, or a folder that cannot be written: says which, and how much was wanted."""


def temporary_sibling(path: Path) -> Path:
    """A name beside ``path`` (same file system, so that the rename is atomic)."""
    with explain_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


@contextmanager
def replacing(path: Path, size: int | None = None) -> Iterator[Path]:
    """A temporary name that becomes ``path`` at the end of the block, and is removed if it fails.

    Args:
        path: of a file, which may exist.
        size: bytes that it will have, where that is known, for errors.

    Raises:
        DiskError: if the disk is full or the folder cannot be written.
    """
    temporary = temporary_sibling(path)
    try:
        with explain_disk(path, size):
            yield temporary
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all."""
    with replacing(path, len(content)) as temporary:
        temporary.write_bytes(content)


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, whole or not at all."""
    replace_bytes(path, text.encode())


@contextmanager
def explain_disk(path: Path, size: int | None = None) -> Iterator[None]:
    """Say what was to be written, where, and what is free: the system's own words name neither.

    Raises:
        DiskError: of a full disk or a folder that cannot be written.
    """
    try:
        yield
    except DiskError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise DiskError(error.errno, _full(path, size)) from error
        if error.errno in CLOSED:
            raise DiskError(error.errno, _closed(path)) from error
        raise


def reserve(path: Path, wanted: Path) -> None:
    """Take the room of a file with holes from the disk, as long as there is some.

    Writing to the memory map of a hole on a full disk ends the process without a word (SIGBUS).

    Args:
        path: of the file, of its full size.
        wanted: the name that it will have, for errors.

    Raises:
        DiskError: if there is not so much; the file is then removed.
    """
    size = path.stat().st_size
    try:
        with explain_disk(wanted, size), path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except DiskError:
        path.unlink()
        raise


def require_room(path: Path, size: int = 0) -> None:
    """Refuse to begin what could not be stored.

    Args:
        path: of a file or folder, which need not exist.
        size: bytes that will be written there.

    Raises:
        DiskError: if its folder cannot be written, or its disk has less left.
    """
    there = _nearest(path)
    if there.is_dir() and not os.access(there, os.W_OK | os.X_OK):
        raise DiskError(errno.EACCES, _closed(path))
    if shutil.disk_usage(there).free < size:
        raise DiskError(errno.ENOSPC, _full(path, size))


def _nearest(path: Path) -> Path:
    """A path, or the deepest of its folders that exists."""
    absolute = path.absolute()
    return next(each for each in (absolute, *absolute.parents) if each.exists())


def _full(path: Path, size: int | None) -> str:
    needed = "" if size is None else f"it needs {size:,} bytes, "
    free = shutil.disk_usage(_nearest(path)).free
    return (
        f"no room for {path}: {needed}the disk has {free:,} left; make room, then run the command "
        "again"
    )


def _closed(path: Path) -> str:
    return (
        f"cannot write {path}: expected a folder that may be written, got a read-only one; change "
        "its rights, or name another workspace"
    )
