"""Where the images of EuroSAT lie: loose in folders of classes, or in archives."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile

from pimc.data.eurosat.lists import some
from pimc.data.fingerprint import file_stamp
from pimc.data.regular_file import check_regular

logger = logging.getLogger(__name__)

LARGEST = 2**24
"""Bytes of an image file: 100 times those of 13 bands of 64 x 64 pixels."""

DOWNLOAD = "download it again (Zenodo, record 7711810), or name the folder of images"


@dataclass(frozen=True)
class ImageFile:
    """One image not read yet.

    Attributes:
        class_name: the folder that it lies in.
        member: its path in the archive, or in the folder.
        archive: the archive, or the folder.
    """

    class_name: str
    member: str
    archive: Path


def find_files(
    path: Path, suffix: str, classes: Sequence[str], wanted: Sequence[str]
) -> dict[str, ImageFile]:
    """Name -> image, of one archive, or of a folder: archives in it give what does not lie loose.

    Args:
        path: the archive or folder.
        suffix: of images.
        classes: names of the folders that hold them.
        wanted: names of images, without suffix; archives are opened where some do not lie loose.

    Raises:
        ValueError: two images of one name.
    """
    if path.is_dir():
        loose = [(path, file.relative_to(path).as_posix()) for file in path.rglob("*.*")]
        files = _by_name(loose, suffix, classes, path)
        if not files.keys() >= set(wanted):
            zipped = [each for archive in sorted(path.glob("*.zip")) for each in _list_zip(archive)]
            files = _by_name(zipped, suffix, classes, path) | files
    else:
        files = _by_name(_list_zip(path), suffix, classes, path)
    return files


def _by_name(
    members: Sequence[tuple[Path, str]], suffix: str, classes: Sequence[str], path: Path
) -> dict[str, ImageFile]:
    """The images among files; those that lie in no folder of a class are named in the log."""
    files: dict[str, ImageFile] = {}
    stray = []
    for archive, member in sorted(members):
        place = PurePosixPath(member)
        if place.suffix.lower() != suffix:
            continue
        if place.parent.name not in classes:
            stray.append(member)
            continue
        if place.stem in files:
            raise ValueError(
                f"{path} holds two images of the name {place.stem}: {files[place.stem].member} and "
                f"{member}; name the folder or archive that is meant"
            )
        files[place.stem] = ImageFile(place.parent.name, member, archive)
    if stray:
        logger.info("%s: left alone, in no folder of a class: %s", path, some(stray))
    return files


def _list_zip(path: Path) -> list[tuple[Path, str]]:
    check_regular(path, "an archive of EuroSAT's images, or a folder of them")
    try:
        with ZipFile(path) as archive:
            return [(path, name) for name in archive.namelist()]
    except (BadZipFile, NotImplementedError, ValueError) as error:
        raise ValueError(f"{path} is no zip archive ({error}); {DOWNLOAD}") from error


def file_stamps(files: Sequence[ImageFile]) -> list[object]:
    """What the content of the images hangs on."""
    for file in files:
        if file.archive.is_dir():
            check_regular(file.archive / file.member, "an image file", LARGEST)
    archives = {file.archive for file in files}
    zipped = [file_stamp(archive) for archive in sorted(archives) if archive.is_file()]
    loose = [
        (file.member, file_stamp(file.archive / file.member))
        for file in files
        if file.archive.is_dir()
    ]
    return [zipped, loose]


def read_contents(files: Sequence[ImageFile]) -> Iterator[tuple[str, bytes]]:
    """Where each image lies, and its bytes; an archive is opened once.

    Raises:
        ValueError: naming the file that cannot be read.
    """
    opened: dict[Path, ZipFile] = {}
    try:
        for file in files:
            if file.archive.is_dir():
                path = file.archive / file.member
                yield str(path), _read_loose(path)
            else:
                if file.archive not in opened:
                    opened[file.archive] = ZipFile(file.archive)
                where = f"{file.archive}: {file.member}"
                yield where, _read_zipped(opened[file.archive], file.member, where)
    finally:
        for archive in opened.values():
            archive.close()


def _read_loose(path: Path) -> bytes:
    check_regular(path, "an image file", LARGEST)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error}); may this user read it?") from error


def _read_zipped(archive: ZipFile, member: str, where: str) -> bytes:
    size = archive.getinfo(member).file_size
    if size > LARGEST:
        raise ValueError(
            f"{where}: expected an image file, at most {LARGEST:,} bytes, got {size:,}; {DOWNLOAD}"
        )
    try:
        return archive.read(member)
    except Exception as error:  # a password, a checksum, a kind of compression, bytes cut off
        raise ValueError(
            f"{where} cannot be unpacked: {error}; expected an entry without password and damage: "
            f"{DOWNLOAD}"
        ) from error
