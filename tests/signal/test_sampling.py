import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pimc.signal.sampling import SamplingOptions, hilbert_order, sample_pixels

sides = st.integers(1, 40)


def test_smallest_curves_by_hand():
    assert hilbert_order(1, 1).tolist() == [[0, 0]]
    assert hilbert_order(2, 2).tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
    # the cell (1, 1) of the enclosing square lies outside a row of two
    assert hilbert_order(1, 2).tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize("side", [2, 4, 8, 16, 64])
def test_each_step_of_a_square_goes_to_an_adjacent_cell(side):
    steps = np.abs(np.diff(hilbert_order(side, side), axis=0)).sum(axis=1)
    assert (steps == 1).all()


@pytest.mark.parametrize("side", [4, 8, 32])
def test_curve_finishes_each_quadrant_before_the_next(side):
    quadrant = hilbert_order(side, side) // (side // 2)
    for cells in np.split(quadrant, 4):
        assert (cells == cells[0]).all()


@given(sides, sides)
def test_every_cell_of_any_rectangle_is_visited_once(rows, cols):
    order = hilbert_order(rows, cols)
    assert sorted(map(tuple, order.tolist())) == list(np.ndindex(rows, cols))


@given(sides, sides, st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_sampled_pixels_are_distinct_eligible_and_as_many_as_asked(rows, cols, count, seed):
    rng = np.random.default_rng(seed)
    eligible = rng.random((rows, cols)) < 0.6
    row, col = sample_pixels(eligible, count, rng)
    assert eligible[row, col].all()
    assert len(set(zip(row.tolist(), col.tolist(), strict=True))) == min(count, eligible.sum())


def test_none_takes_every_eligible_pixel():
    eligible = np.arange(12).reshape(3, 4) % 2 == 0
    row, col = sample_pixels(eligible, None, np.random.default_rng(0))
    taken = np.zeros_like(eligible)
    taken[row, col] = True
    assert (taken == eligible).all()


@pytest.mark.parametrize("seed", range(5))
def test_each_sixteenth_of_a_patch_gets_its_share(seed):
    row, col = sample_pixels(np.ones((128, 128), bool), 256, np.random.default_rng(seed))
    counts = np.bincount(row // 32 * 4 + col // 32, minlength=16)
    # independent draws would spread by 4 around 16
    assert (counts == 16).all()


def test_ground_that_may_not_be_sampled_costs_no_pixel():
    eligible = np.zeros((64, 64), bool)
    eligible[:, :16] = True
    row, col = sample_pixels(eligible, 64, np.random.default_rng(1))
    assert len(row) == 64
    assert np.bincount(row // 16, minlength=4).tolist() == [16, 16, 16, 16]
    assert col.max() < 16


def test_phase_is_drawn_and_repeats_with_the_seed():
    eligible = np.ones((32, 32), bool)
    draws = [sample_pixels(eligible, 10, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pixels_per_patch": 0}, "pixels_per_patch must be at least 1"),
        ({"margin": -1}, "margin must be 0 or more pixels, got -1"),
        ({"frames_per_patch": -1}, "frames_per_patch must be 0 or more"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        SamplingOptions(**options)
