import numpy as np
import pytest

from pimc.signal.row_subset import RowSubset
from pimc.signal.sharded_array import ShardedArray

PARTS = [
    np.arange(6, dtype=np.int16).reshape(2, 3),
    np.arange(10, 12, dtype=np.int16).reshape(1, 2),
    np.empty((0, 1), np.int16),
    np.arange(20, 23, dtype=np.int16).reshape(1, 3),
]
WHOLE = np.array([[0, 1, 2], [3, 4, 5], [10, 11, -9], [20, 21, 22]], np.int16)


def test_reads_as_one_padded_array():
    array = ShardedArray(PARTS, fill=-9)
    assert array.shape == WHOLE.shape
    np.testing.assert_array_equal(np.asarray(array), WHOLE)
    np.testing.assert_array_equal(array[1:3], WHOLE[1:3])
    np.testing.assert_array_equal(array[np.array([3, 0, 2, 0])], WHOLE[[3, 0, 2, 0]])
    for row, expected in enumerate(WHOLE):
        np.testing.assert_array_equal(array[row], expected)


def test_a_row_that_needs_no_padding_is_a_view():
    array = ShardedArray(PARTS, fill=-9)
    assert np.shares_memory(array[1], PARTS[0])
    assert not np.shares_memory(array[2], PARTS[1])


@pytest.mark.parametrize("rows", [4, -1, np.array([0, 4])])
def test_rows_that_do_not_exist(rows):
    with pytest.raises(IndexError, match=r"rows must be 0\.\.3"):
        ShardedArray(PARTS)[rows]


def test_no_parts():
    with pytest.raises(ValueError, match="at least one shard"):
        ShardedArray([])


def test_row_subset_equals_fancy_indexing():
    values, rows = np.arange(20).reshape(10, 2), np.array([7, 1, 3])
    subset = RowSubset(values, rows)
    assert subset.shape == (3, 2)
    np.testing.assert_array_equal(subset[0], values[7])
    np.testing.assert_array_equal(subset[1:], values[[1, 3]])
    np.testing.assert_array_equal(subset[np.array([2, 2, 0])], values[[3, 3, 7]])
