import errno
import json
import os

import numpy as np
import pytest
from kedro.io import DatasetError

from pimc.catalog.array import NpyArray
from pimc.signal.chunks import ArrayChunk


def test_whole_array_comes_back_as_memory_map(tmp_path):
    dataset = NpyArray(str(tmp_path / "a" / "x.npy"))
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    dataset.save(values)
    loaded = dataset.load()
    assert isinstance(loaded, np.memmap)
    np.testing.assert_array_equal(loaded, values)


def test_chunks_make_the_same_file_as_the_whole(tmp_path):
    values = np.arange(20, dtype=np.int16).reshape(10, 2)
    whole, chunked = NpyArray(str(tmp_path / "w.npy")), NpyArray(str(tmp_path / "c.npy"))
    whole.save(values)
    for start in (0, 4, 8):
        chunked.save(ArrayChunk(values[start : start + 4], start, 10))
    assert (tmp_path / "w.npy").read_bytes() == (tmp_path / "c.npy").read_bytes()


def test_file_appears_only_when_complete_and_old_one_stays_until_then(tmp_path):
    dataset = NpyArray(str(tmp_path / "x.npy"))
    dataset.save(np.zeros((4, 1)))
    dataset.save(ArrayChunk(np.ones((2, 1)), 0, 4))
    np.testing.assert_array_equal(dataset.load(), np.zeros((4, 1)))
    dataset.save(ArrayChunk(np.ones((2, 1)), 2, 4))
    np.testing.assert_array_equal(dataset.load(), np.ones((4, 1)))
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_a_new_run_starts_over_after_a_cut_one(tmp_path):
    dataset = NpyArray(str(tmp_path / "x.npy"))
    dataset.save(ArrayChunk(np.ones((2, 1)), 0, 4))
    for start in (0, 2):
        dataset.save(ArrayChunk(np.full((2, 1), 7.0), start, 4))
    np.testing.assert_array_equal(dataset.load(), np.full((4, 1), 7.0))


def test_chunks_out_of_order_are_refused(tmp_path):
    dataset = NpyArray(str(tmp_path / "x.npy"))
    dataset.save(ArrayChunk(np.ones((2, 1)), 0, 6))
    with pytest.raises(DatasetError, match="starts at row 2, got row 4"):
        dataset.save(ArrayChunk(np.ones((2, 1)), 4, 6))


def test_a_file_cut_short_is_named(tmp_path):
    path = tmp_path / "x.npy"
    NpyArray(str(path)).save(np.ones((100, 10)))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DatasetError, match=r"x\.npy is no whole \.npy file: .*again"):
        NpyArray(str(path)).load()


def test_a_chunk_beyond_the_end_is_refused():
    with pytest.raises(ValueError, match="chunk of 3 rows from 2 does not fit 4 rows"):
        ArrayChunk(np.zeros((3, 1)), 2, 4)


def test_the_preview_tells_shape_and_dtype(tmp_path):
    dataset = NpyArray(str(tmp_path / "a.npy"))
    dataset.save(np.zeros((2, 3), np.int16))
    assert json.loads(dataset.preview()) == {"shape": [2, 3], "dtype": "int16"}


def test_a_file_that_is_longer_than_its_header_says_is_named(tmp_path):
    path = tmp_path / "x.npy"
    NpyArray(str(path)).save(np.ones((100, 10)))
    path.write_bytes(path.read_bytes() + b"0")
    with pytest.raises(DatasetError, match=r"x\.npy: expected 8128 bytes, got 8129; remove it"):
        NpyArray(str(path)).load()


def test_the_disk_s_room_is_taken_before_anything_is_written(tmp_path):
    # the map of a file with holes ends the process on a full disk, without a word
    dataset = NpyArray(str(tmp_path / "x.npy"))
    dataset.save(ArrayChunk(np.ones((1, 1000)), 0, 1000))
    (written,) = tmp_path.iterdir()
    assert written.stat().st_blocks * 512 >= 8_000_000


def test_a_disk_that_has_no_room_for_the_array_says_so_and_nothing_is_left(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DatasetError, match=r"no room for .*/x\.npy: it needs 8,000,128 bytes"):
        NpyArray(str(tmp_path / "x.npy")).save(ArrayChunk(np.ones((1, 1000)), 0, 1000))
    assert not list(tmp_path.iterdir())
