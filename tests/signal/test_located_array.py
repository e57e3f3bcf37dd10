import json

import numpy as np
import pytest

from pimc.signal.located_array import ArrayPlaces, open_located
from pimc.signal.row_subset import RowSubset
from pimc.signal.sharded_array import ShardedArray

SHAPE = (9_000, 3)


@pytest.fixture
def mapped(tmp_path):
    """A memory map that begins within a file and goes over several pages of it."""
    values = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    (tmp_path / "values").write_bytes(bytes(14) + values.tobytes())
    return np.memmap(tmp_path / "values", np.int16, mode="r", offset=14, shape=SHAPE)


def send(array, folder):
    """What another process opens, and the files that were written for it."""
    folder.mkdir()
    place = ArrayPlaces(folder).locate(array)
    return open_located(json.loads(json.dumps(place))), list(folder.iterdir())


@pytest.mark.parametrize("rows", [slice(None), slice(5, 7), slice(8_000, None), slice(0, 1)])
def test_a_map_and_its_slices_are_not_copied(mapped, tmp_path, rows):
    opened, written = send(mapped[rows], tmp_path / "job")
    assert not written and str(opened.filename) == str(mapped.filename)
    np.testing.assert_array_equal(opened, mapped[rows])
    assert opened.dtype == mapped.dtype


@pytest.mark.parametrize(
    "take",
    [
        lambda array: array[::2],
        lambda array: array[:, 1:],
        lambda array: array[:0],
        lambda array: array * 1,
        np.array,
        lambda array: array.astype(">f4"),
    ],
)
def test_what_is_no_piece_of_a_file_is_written(mapped, tmp_path, take):
    opened, written = send(take(mapped), tmp_path / "job")
    assert len(written) == 1
    np.testing.assert_array_equal(opened, take(mapped))


def test_subsets_and_shards_come_back_as_such(mapped, tmp_path):
    shards = ShardedArray([mapped[:10], mapped[40:50], np.ones((2, 2), np.int16)], fill=-1)
    rows = np.array([11, 2, 21, 2])
    opened, written = send(RowSubset(shards, rows), tmp_path / "job")
    assert isinstance(opened, RowSubset) and isinstance(opened.array, ShardedArray)
    assert len(written) == 2  # the shard in memory and the rows
    np.testing.assert_array_equal(opened[:], shards[rows])


def test_an_array_in_memory_is_written_once(tmp_path):
    places, array = ArrayPlaces(tmp_path), np.ones((4, 2))
    subsets = [RowSubset(array, np.arange(n)) for n in (1, 2)]
    first, second = (places.locate(each) for each in subsets)
    assert first["of"] == second["of"]
    assert len(list(tmp_path.iterdir())) == 3


def test_objects_are_not_pickled(tmp_path):
    with pytest.raises(ValueError, match="pickle"):
        ArrayPlaces(tmp_path).locate(np.array([{}], dtype=object))
