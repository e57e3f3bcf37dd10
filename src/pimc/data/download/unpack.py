"""Zip archives of strangers: nothing outside, no links, nothing written over."""

from __future__ import annotations

import logging
import shutil
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from pimc.data.atomic import replacing, require_room

logger = logging.getLogger(__name__)

CHUNK = 1 << 20
ENCRYPTED = 0x1
"""Flag of an entry that needs a password."""


def unpack(archive: Path, folder: Path, inside: str = "") -> list[Path]:
    """Unpack the files of one folder of an archive; all entries are looked at before the first.

    A file that is there and the same stays, so that a cut run goes on.

    Args:
        archive: a zip file.
        folder: where the files go.
        inside: folder within the archive that is left out of their names; "" for all of it.
            What lies beside it is not unpacked.

    Returns:
        The files.

    Raises:
        ValueError: if it is no zip archive, or damaged; if an entry leads outside, is a link, a
            device or encrypted, or two are of one name; if another file is in its place.
        DiskError: if there is no room for all of them.
    """
    try:
        with ZipFile(archive) as opened:
            entries = list(_entries(opened, archive, folder, inside))
            missing = [(entry, path) for entry, path in entries if not _is_there(entry, path)]
            require_room(folder, sum(entry.file_size for entry, _ in missing))
            logger.info("unpacking %d of %d files to %s", len(missing), len(entries), folder)
            for entry, path in missing:
                with (
                    replacing(path, entry.file_size) as temporary,
                    opened.open(entry) as source,
                    temporary.open("xb") as target,
                ):
                    shutil.copyfileobj(source, target, CHUNK)
    except (BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(
            f"{archive}: expected a whole zip archive, got {error}; remove it, then fetch it again"
        ) from error
    return [path for _, path in entries]


def _entries(
    opened: ZipFile, archive: Path, folder: Path, inside: str
) -> Iterator[tuple[ZipInfo, Path]]:
    """The files that are unpacked, and where each goes."""
    root, seen = folder.resolve(), set()
    for entry in opened.infolist():
        name = _checked_name(entry, archive)
        if entry.is_dir() or not name.is_relative_to(inside):
            continue
        path = root / name.relative_to(inside)
        if not path.resolve().is_relative_to(root):
            raise ValueError(
                f"{archive}: {entry.filename} leads to {path.resolve()}, by a link in {folder}; "
                "unpack into another folder"
            )
        if path in seen:
            raise ValueError(f"{archive}: expected each name once, got {entry.filename} twice")
        seen.add(path)
        yield entry, path
    if not seen:
        raise ValueError(f"{archive}: expected files in {inside or 'it'}, got none")


def _checked_name(entry: ZipInfo, archive: Path) -> PurePosixPath:
    """The name of an entry that may be unpacked.

    Raises:
        ValueError: saying why not.
    """
    name, mode = PurePosixPath(entry.filename), entry.external_attr >> 16
    kind = stat.S_IFMT(mode)
    reason = ""
    if name.is_absolute() or ".." in name.parts or "\\" in entry.orig_filename:
        reason = "its name leads outside"
    elif not name.parts or ":" in name.parts[0] or not entry.filename.isprintable():
        reason = "its name is none of a file"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        reason = "it is a link or a device"
    elif entry.flag_bits & ENCRYPTED:
        reason = "it is encrypted"
    if reason:
        raise ValueError(f"{archive}: {entry.filename!r} is not unpacked: {reason}")
    return name


def _is_there(entry: ZipInfo, path: Path) -> bool:
    """Whether a file is there, and the same.

    Raises:
        ValueError: if another one is.
    """
    if not (path.exists() or path.is_symlink()):
        return False
    if not path.is_symlink() and path.is_file() and path.stat().st_size == entry.file_size:
        found = 0
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                found = zlib.crc32(piece, found)
        if found == entry.CRC:
            return True
    raise ValueError(
        f"{path}: another file than that of the archive is there, and is not written over; move "
        "it away, then run the command again"
    )
