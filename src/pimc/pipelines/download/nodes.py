"""Nodes of the download."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from pimc.data.download.fetch import fetch_file
from pimc.data.download.options import DownloadOptions
from pimc.data.download.unpack import unpack

logger = logging.getLogger(__name__)


def fetch_data_set(download: DownloadOptions, download_folder: Path) -> pd.DataFrame:
    """Fetch and unpack the files of a data set, its licence first.

    Returns:
        A row a file: file, url, checksum, bytes, and how many files were unpacked from it.
    """
    if not download.files:
        raise ValueError(
            "this environment has nothing to download: name one that has, --env=pastis or "
            "--env=eurosat"
        )
    logger.info("licence: %s", download.licence)
    rows = []
    for remote in download.files.values():
        path = fetch_file(remote, download_folder)
        unpacked = [] if remote.unpack is None else unpack(path, download_folder, remote.unpack)
        if unpacked:
            logger.info("%s is unpacked, and may be removed", path)
        rows.append((remote.name, remote.url, remote.checksum, path.stat().st_size, len(unpacked)))
    return pd.DataFrame(rows, columns=["file", "url", "checksum", "bytes", "unpacked"])
