"""Files by HTTP, gone on with where a connection or a process was cut; pooch compares checksums."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pimc.data.atomic import explain_disk, require_room
from pimc.data.download.options import RemoteFile

if TYPE_CHECKING:
    from requests import Response

logger = logging.getLogger(__name__)

CHUNK = 1 << 20
TOLD = 60.0
"""Seconds between two lines that say how far it is."""

TIMEOUT = (15, 60)
"""Seconds to connect, and between two pieces."""


@dataclass(frozen=True)
class Patience:
    """How often a server is asked again.

    Attributes:
        attempts: in a row that bring nothing; one that brings something starts the count anew.
        pause: seconds before the second; each further one is twice as long.
    """

    attempts: int = 5
    pause: float = 1.0


def fetch_file(remote: RemoteFile, folder: Path, patience: Patience | None = None) -> Path:
    """A file whose checksum is right; what is there and right is not fetched again.

    What a cut run has left, ``<name>.part``, is gone on with (HTTP range).

    Args:
        remote: the file.
        folder: it lies in; made where it is not there.
        patience: with the server.

    Raises:
        ValueError: if another file of that name is there, or what came has another checksum.
        ConnectionError: if the server gives nothing.
        DiskError: before anything is fetched, if there is no room.
    """
    import pooch

    path, part = folder / remote.name, folder / f"{remote.name}.part"
    require_room(path)
    algorithm, _, expected = remote.checksum.partition(":")
    if path.exists():
        found = pooch.file_hash(str(path), alg=algorithm)
        if found == expected:
            logger.info("%s is there, its checksum is right", path)
            return path
        raise ValueError(
            f"{path}: expected {algorithm} {expected}, got {found}: it is another file; move it "
            "away, then run the command again"
        )
    folder.mkdir(parents=True, exist_ok=True)
    pooch.get_logger().setLevel(logging.WARNING)  # it tells of temporary names
    pooch.retrieve(
        remote.url, remote.checksum, remote.name, folder, downloader=_Resumed(part, patience)
    )
    return path


class _Resumed:
    """What pooch calls to fetch a file: into a part that outlives the process, then as one."""

    def __init__(self, part: Path, patience: Patience | None):
        self.part, self.patience = part, patience or Patience()

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:  # noqa: ANN401  pooch's own
        """Fetch ``url`` to ``output_file``."""
        import requests

        failed = 0
        while True:
            before = self._size()
            try:
                self._ask(url)
                break
            except requests.HTTPError as error:
                raise ConnectionError(f"{url}: {error}; look for its present address") from error
            except requests.RequestException as error:
                failed = 0 if self._size() > before else failed + 1
                if failed >= self.patience.attempts:
                    raise ConnectionError(
                        f"{url}: no answer ({error}); run the command again to go on, or fetch "
                        f"the file elsewhere and put it to {self.part.with_suffix('')}"
                    ) from error
                logger.info(
                    "cut at %s (%s): going on", _written(self._size()), type(error).__name__
                )
                time.sleep(self.patience.pause * 2**failed)
        self.part.replace(output_file)

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _ask(self, url: str) -> None:
        """One request for what is missing.

        Raises:
            requests.RequestException: if the answer is cut, or an error.
        """
        import requests

        start = self._size()
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            stated = response.headers.get("Content-Range", "")
            if start and response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                if stated.endswith(f"/{start}"):  # all is there: the process was cut behind it
                    return
                self.part.unlink()
                raise requests.ConnectionError("it has become another file")
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise requests.ConnectionError(f"status {response.status_code}")
            response.raise_for_status()
            resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT and stated.startswith(
                f"bytes {start}-"
            )
            self._write(response, start if resumed else 0)

    def _write(self, response: Response, start: int) -> None:
        import requests

        length = int(response.headers.get("Content-Length", 0))
        total, told = start + length, time.monotonic()
        require_room(self.part, length)
        logger.info("fetching %s: %s of %s", self.part.stem, _written(start), _written(total))
        with explain_disk(self.part, length), self.part.open("ab" if start else "wb") as file:
            for piece in _pieces(response):
                file.write(piece)
                if time.monotonic() - told > TOLD:
                    told = time.monotonic()
                    logger.info("%s of %s", _written(file.tell()), _written(total))
        if length and self._size() < total:
            raise requests.ConnectionError(f"{self._size():,} of {total:,} bytes")


def _pieces(response: Response) -> Iterator[bytes]:
    """What comes, as it comes: of a cut answer ``iter_content`` would lose what fills no piece.

    Raises:
        requests.RequestException: if the answer is cut.
    """
    import requests
    from urllib3.exceptions import HTTPError

    try:
        while piece := response.raw.read1(CHUNK):
            yield piece
    except HTTPError as error:
        raise requests.ConnectionError(str(error)) from error


def _written(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / 1e9:.2f} GB" if size >= 1e8 else f"{size / 1e6:.2f} MB"
