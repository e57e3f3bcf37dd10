import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pimc.pretraining.batches.spread import NONE, spread_apart


def slow_spread(points, groups, size, spacing):
    """One batch, one candidate at a time."""
    picks = []
    for _ in range(size):
        best, best_room = NONE, 0
        for i, (y, x) in enumerate(points):
            if any(groups[i] == groups[p] for p in picks):
                continue
            rooms = [max(abs(y - points[p][0]), abs(x - points[p][1])) for p in picks]
            room = min([spacing, *rooms])
            if room > best_room:
                best, best_room = i, room
        if best == NONE:
            break
        picks.append(best)
    return picks + [NONE] * (size - len(picks))


POINTS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 4)), min_size=1, max_size=12
)


@settings(max_examples=100, deadline=None)
@given(POINTS, st.integers(1, 8), st.integers(1, 6))
def test_equals_the_slow_reference(points, size, spacing):
    y, x, group = np.array(points, dtype=np.int32).T[:, None]
    expected = slow_spread([point[:2] for point in points], group[0], size, spacing)
    assert spread_apart(y, x, group, size, spacing)[0].tolist() == expected


def test_far_first_then_as_far_as_it_goes():
    x = np.array([[0, 3, 10, 5, 0]], dtype=np.int32)
    zero, own = np.zeros_like(x), np.arange(5)[None]
    # 10 is the first at 8 or more from 0; then 5 is farthest (5), then 3 (2); the last 0 is taken
    assert spread_apart(zero, x, own, 5, 8).tolist() == [[0, 2, 3, 1, NONE]]


def test_batches_do_not_touch_each_other():
    rng = np.random.default_rng(0)
    y, x = rng.integers(0, 50, (2, 6, 40)).astype(np.int32)
    group = rng.integers(0, 15, (6, 40)).astype(np.int32)
    together = spread_apart(y, x, group, 10, 15)
    alone = [spread_apart(y[[i]], x[[i]], group[[i]], 10, 15)[0] for i in range(6)]
    np.testing.assert_array_equal(together, alone)
