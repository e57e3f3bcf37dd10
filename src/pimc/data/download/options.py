"""What is fetched, and what it must be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from pimc.data.file_name import file_name

CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteFile:
    """A file that is to be fetched.

    Attributes:
        url: http or https; its last part is the name of the file.
        checksum: ``md5:`` or ``sha256:`` and hexadecimal digits.
        unpack: folder within a zip archive whose content is unpacked beside it, "" for all; None
            leaves the file as it is.
    """

    url: str
    checksum: str
    unpack: str | None = None

    def __post_init__(self) -> None:
        """Check the address, the name and the form of the checksum."""
        if urlsplit(self.url).scheme not in ("http", "https") or file_name(self.name) != self.name:
            raise ValueError(f"expected an address of a file, https://.../name, got {self.url!r}")
        if not CHECKSUM.fullmatch(self.checksum):
            raise ValueError(
                f"{self.name}: expected a checksum as md5:<32 digits> or sha256:<64 digits>, got "
                f"{self.checksum!r}"
            )

    @property
    def name(self) -> str:
        """Of the file on disk."""
        return PurePosixPath(urlsplit(self.url).path).name


@dataclass(frozen=True)
class DownloadOptions:
    """A data set.

    Attributes:
        files: fields of ``RemoteFile``, by what the files are.
        licence: of the data, printed before anything is fetched.
    """

    files: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""

    def __post_init__(self) -> None:
        """Build the files, and check that none would lie where another does."""
        built = {
            key: each if isinstance(each, RemoteFile) else RemoteFile(**each)
            for key, each in self.files.items()
        }
        names = [each.name for each in built.values()]
        if len(set(names)) < len(names):
            raise ValueError(f"download.files: expected files of different names, got {names}")
        object.__setattr__(self, "files", built)
