"""Files are whole or not there, and a disk that takes none says so."""

import errno
import os
import shutil
from collections import namedtuple

import pytest

from pimc.data.atomic import DiskError, replace_text, replacing, require_room

Usage = namedtuple("Usage", "total used free")


def fail(number):
    def failed(*_, **__):
        raise OSError(number, os.strerror(number))

    return failed


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "deep/one.txt"
    replace_text(path, "whole")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("ha")
        raise ZeroDivisionError
    assert path.read_text() == "whole"
    assert [each.name for each in path.parent.iterdir()] == ["one.txt"]


def test_a_full_disk_is_told_with_path_and_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9, 9, 1234))
    monkeypatch.setattr("pathlib.Path.write_bytes", fail(errno.ENOSPC))
    with pytest.raises(DiskError) as raised:
        replace_text(tmp_path / "one.txt", "x" * 5000)
    assert raised.value.errno == errno.ENOSPC
    assert f"no room for {tmp_path}/one.txt: it needs 5,000 bytes" in str(raised.value)
    assert "the disk has 1,234 left; make room" in str(raised.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch, number):
    monkeypatch.setattr("pathlib.Path.mkdir", fail(number))
    with pytest.raises(DiskError, match=r"cannot write .*one\.txt.*change its rights"):
        replace_text(tmp_path / "new/one.txt", "")


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "one.txt") as temporary:
        (tmp_path / "nowhere").read_text()
    assert not temporary.exists()


def test_room_is_asked_for_before_the_work(tmp_path, monkeypatch):
    require_room(tmp_path / "new/deeper", 1000)
    assert not list(tmp_path.iterdir())
    with pytest.raises(DiskError, match=rf"no room for {tmp_path}: it needs 10{',000' * 6}"):
        require_room(tmp_path, 10 * 10**18)
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    (tmp_path / "file").write_text("")
    require_room(tmp_path / "file")
    with pytest.raises(DiskError, match=r"cannot write .*new/deeper.* a read-only one"):
        require_room(tmp_path / "new/deeper")
