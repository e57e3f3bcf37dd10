import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pimc.model.plots.distances import distances, recurrence_plot
from pimc.signal.pyts_images import render_with_pyts


def test_distances_by_hand():
    plot = distances(torch.tensor([1.0, 4.0, 2.0]))
    assert plot.tolist() == [[0, 3, 1], [3, 0, 2], [1, 2, 0]]
    # trajectories (0, 3), (0, 7), (3, 7): distances 4, 5 and 3
    embedded = distances(torch.tensor([0.0, 0.0, 3.0, 7.0]), dimension=2, time_delay=2)
    assert embedded.tolist() == [[0, 4], [4, 0]]


@st.composite
def plots_of_both(draw):
    length = draw(st.integers(1, 30))
    dimension = draw(st.integers(1, min(length, 5)))
    longest = (length - 1) // (dimension - 1) if dimension > 1 else length
    options = {"dimension": dimension, "time_delay": draw(st.integers(1, max(longest, 1)))}
    threshold = draw(st.sampled_from([None, "point", "distance"]) | st.floats(1e-3, 5))
    if isinstance(threshold, str):
        options["percentage"] = draw(st.integers(0, 100) | st.floats(0, 100))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # coarse values make ties, as index series that stand still do
    values = rng.normal(size=(2, 3, length)).round(draw(st.sampled_from([1, 15])))
    return values, options | {"threshold": threshold}


@settings(deadline=None, max_examples=300)
@given(plots_of_both())
def test_every_mode_equals_pyts(drawn):
    values, options = drawn
    ours = recurrence_plot(torch.from_numpy(values), **options).numpy()
    peer = render_with_pyts(values, "recurrence", **options)
    assert ours.dtype == np.float64
    if options["threshold"] is None:
        np.testing.assert_allclose(ours, peer, atol=1e-12)
        return
    # float rounding may decide either way where a distance meets the threshold
    plain = {name: options[name] for name in ("dimension", "time_delay")}
    apart = render_with_pyts(values, "recurrence", **plain)
    limits = _limits(apart, options)[..., None, None]
    undecided = np.abs(apart - limits) < 1e-6
    assert ((ours == peer) | undecided).all()
    assert set(np.unique(ours)) <= {0.0, 1.0}


def _limits(apart, options):
    cells = apart.reshape(*apart.shape[:2], -1)
    if options["threshold"] == "point":
        return np.percentile(cells, options["percentage"], axis=-1)
    if options["threshold"] == "distance":
        return options["percentage"] / 100 * cells.max(axis=-1)
    return np.full(cells.shape[:2], options["threshold"])


def test_wrong_series_and_options_are_refused():
    series = torch.arange(4.0)
    with pytest.raises(ValueError, match="holds no trajectory"):
        distances(series, dimension=3, time_delay=2)
    with pytest.raises(ValueError, match="point or distance, got 'points'"):
        recurrence_plot(series, "points")
    with pytest.raises(ValueError, match=r"percentage must lie in 0..100, got 101"):
        recurrence_plot(series, "point", percentage=101)
    with pytest.raises(ValueError, match="threshold must be above 0, got -1"):
        recurrence_plot(series, -1)
