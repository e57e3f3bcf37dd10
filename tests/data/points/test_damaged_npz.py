"""Archives that are none, or hold more than a machine does."""

import zipfile

import numpy as np
import pytest

from pimc.data import npz_file
from pimc.data.points.arrays import read_npz
from pimc.data.points.options import PointOptions


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "points.npz"
    np.savez_compressed(
        path, reflectance=np.zeros((9, 9, 9)), bands=["B04"], lonlat=np.ones((9, 2))
    )
    return path


def refused(path, reason):
    with pytest.raises(
        ValueError, match=rf"points\.npz: expected an npz of plain arrays, got {reason}"
    ):
        read_npz(path, PointOptions(str(path)))


def test_declared_sizes_are_looked_at_before_anything_is_unpacked(path, monkeypatch):
    monkeypatch.setattr(npz_file, "memory", lambda: 1000)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    with pytest.raises((ValueError, TypeError)) as told:
        read_npz(path, PointOptions(str(path)))
    assert "bytes, the memory has 1,000" in str(told.value)


def test_a_sum_that_differs(path):
    content = bytearray(path.read_bytes())
    content[14] ^= 1  # of the first entry, as its own header has it
    with zipfile.ZipFile(path) as archive:
        entry = archive.infolist()[0]
    where = bytes(content).rfind(entry.CRC.to_bytes(4, "little"))
    content[where] ^= 1
    path.write_bytes(content)
    refused(path, "Bad CRC-32")


def test_an_archive_that_is_encrypted(path):
    content = bytearray(path.read_bytes())
    for head, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(head) + flags] |= 1
    path.write_bytes(content)
    refused(path, ".* is encrypted")


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04" + bytes(40)])
def test_what_is_no_archive(path, content):
    path.write_bytes(content)
    refused(path, "")


def test_a_single_array_is_none(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    refused(path, "")
