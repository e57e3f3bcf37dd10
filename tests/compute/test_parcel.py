"""Memory maps travel as the place where they lie, and what is shared stays shared."""

import pickle

import numpy as np
import pytest

from pimc.compute.file_place import find_place
from pimc.compute.parcel import pack
from pimc.signal.sharded_array import ShardedArray


@pytest.fixture
def mapped(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(60_000, dtype=np.int16).reshape(300, 20, 10))
    return np.load(tmp_path / "x.npy", mmap_mode="r")


def test_a_memory_map_travels_as_its_place(mapped):
    parts = {
        "whole": mapped,
        "rows": mapped[7:90],
        "view": np.asarray(mapped[3]),
        "turned": mapped.T,
    }
    parcel = pack(parts, by_file=True)
    assert len(parcel) < 3_000  # of 120,000 bytes
    opened = pickle.loads(parcel)
    for name, part in parts.items():
        np.testing.assert_array_equal(opened[name], part)
        assert isinstance(opened[name], np.memmap)


def test_what_is_no_part_of_a_file_travels_by_value(mapped, tmp_path):
    changed = np.load(tmp_path / "x.npy", mmap_mode="c")
    changed[0] = -1
    for array in (mapped[::2], mapped[:, :, 1:3], mapped + 1, mapped[[4, 2]], changed, mapped[:0]):
        assert find_place(array) is None
        np.testing.assert_array_equal(pickle.loads(pack(array, by_file=True)), array)


def test_where_files_are_not_seen_values_travel(mapped, tmp_path):
    parcel = pack(mapped[2:5], by_file=False)
    expected = np.array(mapped[2:5])
    (tmp_path / "x.npy").unlink()
    np.testing.assert_array_equal(pickle.loads(parcel), expected)


def test_a_sharded_array_is_its_places(mapped):
    array = ShardedArray([mapped[:100], mapped[100:]], fill=-1, bands=("B02",))
    parcel = pack(array, by_file=True)
    opened = pickle.loads(parcel)
    assert len(parcel) < 3_000 and opened.bands == ("B02",)
    assert all(isinstance(shard, np.memmap) for shard in opened.shards)
    np.testing.assert_array_equal(opened[95:105], mapped[95:105])


def test_what_pieces_share_they_share_there_too():
    shared = np.zeros(100_000)
    pieces = [lambda: shared, lambda: shared]
    parcel = pack(pieces, by_file=True)
    assert len(parcel) < 1.1 * shared.nbytes
    first, second = pickle.loads(parcel)
    assert first() is second()
