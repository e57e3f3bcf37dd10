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


def require_room(folder: Path, size: int) -> None:
    """Refuse to begin what could not be stored: makes ``folder``, and asks for ``size`` bytes.

    Raises:
        DiskError: if the folder cannot be written, or its disk has less left.
    """
    with explain_disk(folder, size):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DiskError(errno.EACCES, _closed(folder))
    if shutil.disk_usage(folder).free < size:
        raise DiskError(errno.ENOSPC, _full(folder, size))


def _full(path: Path, size: int | None) -> str:
    there = next(each for each in path.absolute().parents if each.exists())
    needed = "" if size is None else f"it needs {size:,} bytes, "
    free = shutil.disk_usage(there).free
    return (
        f"no room for {path}: {needed}the disk has {free:,} left; make room, then run the command "
        "again"
    )


def _closed(path: Path) -> str:
    return (
        f"cannot write {path}: expected a folder that may be written, got a read-only one; change "
        "its rights, or name another workspace"
    )
