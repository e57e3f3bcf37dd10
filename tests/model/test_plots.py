from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pimc.model.plots import DRAWINGS, RecurrencePlots, distances, recurrence_plot
from pimc.signal.pyts_images import render_with_pyts
from pimc.signal.recurrence import Kind, Recurrence

PLAIN = Recurrence(("NDVI", "EVI"), "unthresholded", (0, 0), (1, 1), None, 1, 1, 0.5)
BINARY = replace(PLAIN, kind="binary", centre=(1, 2), scale=(2, 4), thresholds=(0.5, 0.25))
SOFT = replace(BINARY, kind="soft")


def series(*shape, dtype=torch.float64, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).to(dtype)


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


def test_a_level_plot_by_hand():
    level = replace(PLAIN, kind="level", centre=(1, 0), scale=(2, 1))
    plots = RecurrencePlots(level)(torch.tensor([[[1.0, 5.0, 3.0], [0.0, 2.0, -4.0]]]))
    # scaled, the first series is 0, 2, 1: rises above the diagonal, means on and below it
    assert plots[0, 0].tolist() == [[0, 2, 1], [1, 2, -1], [0.5, 1.5, 1]]
    assert plots[0, 1].tolist() == [[0, 2, -4], [1, 2, -6], [-2, -1, -4]]


def test_a_level_plot_tells_apart_what_distances_confuse():
    season = series(1, 2, 9)
    alike = {"level": season + 1, "sign": -season, "direction of time": season.flip(-1)}
    for kind, told_apart in (("unthresholded", False), ("level", True)):
        draw = RecurrencePlots(replace(PLAIN, kind=kind))
        for name, other in alike.items():
            drawn = draw(other).flip(-1, -2) if name == "direction of time" else draw(other)
            reference = draw(season)
            assert torch.allclose(drawn, reference) != told_apart, (kind, name)


def test_a_fitted_unthresholded_plot_is_the_distance_of_scaled_values():
    fitted = replace(PLAIN, centre=(1, 2), scale=(2, 4))
    values = series(5, 2, 9)
    expected = (values[..., :, None] - values[..., None, :]).abs() / torch.tensor([2, 4])[
        :, None, None
    ]
    torch.testing.assert_close(RecurrencePlots(fitted)(values), expected)


def test_a_fitted_binary_plot_has_each_index_its_threshold():
    values = torch.tensor([[[0.0, 0.9, 1.1], [0.0, 0.9, 1.1]]])
    near, far = RecurrencePlots(BINARY)(values)[0]
    # in units of the series: NDVI 0.5 x 2, EVI 0.25 x 4, both 1
    assert near.tolist() == far.tolist() == [[1, 1, 0], [1, 1, 1], [0, 1, 1]]
    stricter = replace(BINARY, thresholds=(0.5, 0.05))
    assert RecurrencePlots(stricter)(values)[0, 1].tolist() == torch.eye(3).tolist()


def test_a_soft_plot_by_hand():
    values = torch.tensor([[[0.0, 1.0, 2.0], [0.0, 0.0, 1.0]]], dtype=torch.float64)
    drawn = RecurrencePlots(SOFT)(values)
    # NDVI: distances 0, 0.5, 1 in scaled units, threshold 0.5, slope 0.5 x 0.5
    expected = 1 / (1 + np.exp((np.array([0, 0.5, 1]) - 0.5) / 0.25))
    np.testing.assert_allclose(drawn[0, 0, 0], expected)
    assert drawn[0, 1, 0, 2] == pytest.approx(0.5)


def test_a_narrow_soft_plot_is_the_binary_one():
    values = series(4, 2, 15)
    narrow = RecurrencePlots(replace(SOFT, softness=1e-6))(values)
    torch.testing.assert_close(narrow, RecurrencePlots(BINARY)(values))


@pytest.mark.parametrize("fitted", [PLAIN, BINARY, SOFT])
@pytest.mark.parametrize("embedding", [(1, 1), (3, 2)])
def test_drawing_into_a_tensor_and_shape_and_dtype(fitted, embedding):
    layer = RecurrencePlots(replace(fitted, dimension=embedding[0], time_delay=embedding[1]))
    values = series(4, 2, 11, dtype=torch.float32)
    drawn = layer(values)
    side = 11 - (embedding[0] - 1) * embedding[1]
    assert drawn.shape == (4, layer.channels, side, side)
    assert drawn.dtype == torch.float32
    out = torch.empty_like(drawn)
    assert layer(values, out) is out
    torch.testing.assert_close(out, drawn, rtol=0, atol=0)


@pytest.mark.parametrize("fitted", [PLAIN, SOFT])
@pytest.mark.parametrize("dimension", [1, 2])
def test_gradients_are_finite_and_right(fitted, dimension):
    layer = RecurrencePlots(replace(fitted, dimension=dimension))
    values = series(2, 2, 6).requires_grad_()
    weights = series(2, 2, 7 - dimension, 7 - dimension, seed=1)
    (layer(values) * weights).sum().backward()
    step = 1e-6
    for cell in np.ndindex(2, 2, 6):
        moved = values.detach().clone()
        moved[cell] += step
        slope = ((layer(moved) - layer(values.detach())) * weights).sum() / step
        # the diagonal is 0 whatever the series does; elsewhere the slope is defined
        assert values.grad[cell] == pytest.approx(float(slope), abs=1e-4)


def test_the_transform_is_no_weight_and_follows_the_module():
    layer = RecurrencePlots(SOFT)
    assert not layer.state_dict()
    assert not list(layer.parameters())
    assert layer.to("meta").thresholds.device.type == "meta"


def test_every_kind_has_its_drawing():
    assert set(DRAWINGS) == set(get_args(Kind))


def test_wrong_series_and_options_are_refused():
    with pytest.raises(ValueError, match=r"series B x 2 x L \(NDVI, EVI\), got shape \(4, 3, 9\)"):
        RecurrencePlots(PLAIN)(series(4, 3, 9))
    with pytest.raises(ValueError, match="holds no trajectory"):
        distances(series(4), dimension=3, time_delay=2)
    with pytest.raises(ValueError, match="point or distance, got 'points'"):
        recurrence_plot(series(4), "points")
    with pytest.raises(ValueError, match=r"percentage must lie in 0..100, got 101"):
        recurrence_plot(series(4), "point", percentage=101)
    with pytest.raises(ValueError, match="threshold must be above 0, got -1"):
        recurrence_plot(series(4), -1)
