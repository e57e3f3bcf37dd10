import numpy as np

from pimc.data.patch import FILL
from pimc.signal.same_day import order_days


def test_days_are_ordered_and_several_of_a_day_become_one():
    order = order_days(np.array([30, 10, 30, 20, 10]))
    assert order.days.tolist() == [10, 20, 30]
    assert [group.tolist() for group in order.groups] == [[1, 4], [3], [0, 2]]
    assert order.repeated == 2
    # pixel 0 was seen by all; pixel 1 by the later of a day alone; pixel 2 has more bands in it
    seen = np.arange(1, 6)[:, None] * [100, 101]
    pixels = np.stack([seen, seen, seen]).astype(np.int16)
    pixels[1, [0, 1]] = FILL
    pixels[2, 0, 1], pixels[2, 1, 0] = FILL, 0
    merged = order.merge(pixels)
    assert merged[:, :, 0].tolist() == [[200, 400, 100], [500, 400, 300], [500, 400, 300]]


def test_days_in_order_change_nothing():
    order = order_days(np.array([1, 5, 9]))
    pixels = np.arange(12, dtype=np.int16).reshape(2, 3, 2)
    assert not order.repeated
    np.testing.assert_array_equal(order.merge(pixels), pixels)
