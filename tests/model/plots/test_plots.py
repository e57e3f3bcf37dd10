from dataclasses import replace

import numpy as np
import pytest
import torch

from pimc.model.plots.angular_fields import difference_field, summation_field
from pimc.model.plots.drawings import DRAWINGS
from pimc.model.plots.layer import RecurrencePlots
from pimc.model.plots.markov_fields import transition_field
from pimc.signal.plot_kinds import PLOT_KINDS
from pimc.signal.recurrence import Recurrence

PLAIN = Recurrence(("NDVI", "EVI"), "unthresholded", (0, 0), (1, 1), None, 1, 1, 0.5)
BINARY = replace(PLAIN, kind="binary", centre=(1, 2), scale=(2, 4), thresholds=(0.5, 0.25))
SOFT = replace(BINARY, kind="soft")


def series(*shape, dtype=torch.float64, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).to(dtype)


def test_a_level_plot_by_hand():
    level = replace(PLAIN, kind="level", centre=(1, 0), scale=(2, 1))
    plots = RecurrencePlots(level)(torch.tensor([[[1.0, 5.0, 3.0], [0.0, 2.0, -4.0]]]))
    # scaled, the first series is 0, 2, 1: rises above the diagonal, means on and below it
    assert plots[0, 0].tolist() == [[0, 2, 1], [1, 2, -1], [0.5, 1.5, 1]]
    assert plots[0, 1].tolist() == [[0, 2, -4], [1, 2, -6], [-2, -1, -4]]


def test_signed_and_diagonal_plots_by_hand():
    values = torch.tensor([[[1.0, 5.0, 3.0], [0.0, 2.0, -4.0]]])
    fitted = replace(PLAIN, centre=(1, 0), scale=(2, 1))
    signed = RecurrencePlots(replace(fitted, kind="signed"))(values)[0]
    # scaled, the first series is 0, 2, 1; row i, column j is x_j - x_i
    assert signed[0].tolist() == [[0, 2, 1], [-2, 2, -1], [-1, 1, 1]]
    assert signed[1].tolist() == [[0, 2, -4], [-2, 2, -6], [4, 6, -4]]
    diagonal = RecurrencePlots(replace(fitted, kind="diagonal"))(values)[0]
    assert diagonal[0].tolist() == [[0, 2, 1], [2, 2, 1], [1, 1, 1]]
    assert diagonal[1].tolist() == [[0, 2, 4], [2, 2, 6], [4, 6, -4]]


def test_what_a_plot_tells_apart():
    season = series(1, 2, 9)
    alike = {"level": season + 1, "sign": -season, "direction of time": season.flip(-1)}
    tells = {"unthresholded": set(), "level": {*alike}}
    # the other way round in time, these are turned by half a circle, and no more
    tells |= {"signed": {"level", "sign"}, "diagonal": {"level", "sign"}}
    for kind, told_apart in tells.items():
        draw = RecurrencePlots(replace(PLAIN, kind=kind))
        for name, other in alike.items():
            drawn = draw(other).flip(-1, -2) if name == "direction of time" else draw(other)
            assert torch.allclose(drawn, draw(season)) != (name in told_apart), (kind, name)


def test_the_channel_of_validity():
    values, observed = series(2, 2, 5), torch.tensor([[[1.0, 0, 1, 1, 0]], [[0.0, 1, 1, 1, 1]]])
    with_row = torch.cat([values, observed], dim=1)
    plain = RecurrencePlots(PLAIN)
    torch.testing.assert_close(plain(with_row), plain(values), rtol=0, atol=0)

    layer = RecurrencePlots(replace(PLAIN, validity=True))
    assert layer.channels == 3
    drawn = layer(with_row)
    torch.testing.assert_close(drawn[:, :2], plain(values), rtol=0, atol=0)
    both = [[1, 0, 1, 1, 0], [0] * 5, [1, 0, 1, 1, 0], [1, 0, 1, 1, 0], [0] * 5]
    assert drawn[0, 2].tolist() == both
    assert (layer(values)[:, 2] == 1).all()
    # drawn another way where a gradient is asked for
    differentiable = layer(with_row.clone().requires_grad_())
    assert differentiable.requires_grad
    torch.testing.assert_close(differentiable, drawn)

    # trajectories (1, 3), (2, 4), (3, 5): observed where both of their points are
    embedded = RecurrencePlots(replace(PLAIN, validity=True, dimension=2, time_delay=2))
    assert embedded(with_row)[0, 2].tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert embedded(with_row)[1, 2].tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 1]]


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


def test_several_thresholds_draw_a_channel_each():
    several = replace(SOFT, thresholds=(0.5, 0.1, 2.0, 0.25, 0.2, 3.0))
    layer, values = RecurrencePlots(several), series(4, 2, 9)
    assert layer.channels == 6
    drawn = layer(values)
    for scale in range(3):
        one = RecurrencePlots(replace(SOFT, thresholds=several.thresholds[scale::3]))
        torch.testing.assert_close(drawn[:, scale::3], one(values))


def test_a_joint_plot_is_the_product_over_the_indices():
    values = series(4, 2, 9)
    joint = RecurrencePlots(replace(SOFT, kind="joint"))
    assert joint.channels == 1
    soft = RecurrencePlots(SOFT)(values)
    torch.testing.assert_close(joint(values), soft[:, :1] * soft[:, 1:])

    several = replace(SOFT, thresholds=(0.5, 0.1, 0.25, 0.2))
    joint = RecurrencePlots(replace(several, kind="joint"))
    assert joint.channels == 2
    soft = RecurrencePlots(several)(values)
    torch.testing.assert_close(joint(values), soft[:, :2] * soft[:, 2:])


def test_a_narrow_joint_plot_is_one_where_every_index_returns():
    values = series(4, 2, 15)
    narrow = RecurrencePlots(replace(SOFT, kind="joint", softness=1e-6))(values)
    torch.testing.assert_close(narrow[:, 0], RecurrencePlots(BINARY)(values).amin(dim=1))


@pytest.mark.parametrize(
    ("kind", "draw"),
    [
        ("gasf", summation_field),
        ("gadf", difference_field),
        ("mtf", lambda values: transition_field(values, 5)),
    ],
)
def test_fields_are_drawn_of_each_index(kind, draw):
    values = series(3, 2, 11)
    plots = RecurrencePlots(replace(PLAIN, kind=kind, bins=5, centre=(1, 2), scale=(2, 4)))
    # they do not change with the units of the series
    torch.testing.assert_close(plots(values), draw(values))


EVERY = [
    replace(
        PLAIN,
        kind=kind,
        thresholds=(0.5, 0.1, 0.25, 0.3) if PLOT_KINDS[kind].thresholded else None,
        dimension=dimension,
        time_delay=2,
    )
    for kind in PLOT_KINDS
    for dimension in ((1, 3) if PLOT_KINDS[kind].embedded else (1,))
]


@pytest.mark.parametrize("validity", [False, True])
@pytest.mark.parametrize("fitted", EVERY, ids=lambda fitted: f"{fitted.kind}-{fitted.dimension}")
def test_drawing_into_a_tensor_and_shape_and_dtype(fitted, validity):
    layer = RecurrencePlots(replace(fitted, validity=validity))
    values = series(4, 2, 11, dtype=torch.float32)
    drawn = layer(values)
    side = 11 - 2 * (fitted.dimension - 1)
    assert drawn.shape == (4, layer.channels, side, side)
    assert drawn.dtype == torch.float32
    out = torch.empty_like(drawn)
    assert layer(values, out) is out
    # to the last digit but one: where memory has gaps, torch computes by other instructions
    torch.testing.assert_close(out, drawn, rtol=1e-6, atol=1e-9)


@pytest.mark.gpu
def test_an_accelerator_draws_the_same():
    values = torch.cat([series(4, 2, 11), torch.ones(4, 1, 11)], dim=1).float()
    for fitted in EVERY:
        layer = RecurrencePlots(replace(fitted, validity=True))
        drawn = layer(values)
        torch.testing.assert_close(layer.cuda()(values.cuda()).cpu(), drawn, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "dimension"),
    [("unthresholded", 1), ("unthresholded", 2), ("soft", 1), ("soft", 2), ("joint", 1)]
    + [(kind, 1) for kind in ("level", "signed", "diagonal", "gasf", "gadf")],
)
def test_gradients_are_finite_and_right(kind, dimension):
    fitted = SOFT if PLOT_KINDS[kind].thresholded else PLAIN
    layer = RecurrencePlots(replace(fitted, kind=kind, dimension=dimension))
    values = series(2, 2, 6).requires_grad_()
    weights = series(2, layer.channels, 7 - dimension, 7 - dimension, seed=1)
    (layer(values) * weights).sum().backward()
    step = 1e-6
    for cell in np.ndindex(2, 2, 6):
        moved = values.detach().clone()
        moved[cell] += step
        slope = ((layer(moved) - layer(values.detach())) * weights).sum() / step
        if kind in {"gasf", "gadf"} and values[cell] in values[cell[:2]].aminmax():
            continue  # the sine of an extreme has no slope
        # the diagonal is 0 whatever the series does; elsewhere the slope is defined
        assert values.grad[cell] == pytest.approx(float(slope), abs=1e-4)


def test_the_transform_is_no_weight_and_follows_the_module():
    layer = RecurrencePlots(SOFT)
    assert not layer.state_dict()
    assert not list(layer.parameters())
    assert layer.to("meta").thresholds.device.type == "meta"


def test_every_kind_has_its_drawing():
    assert set(DRAWINGS) == set(PLOT_KINDS)


def test_wrong_series_and_options_are_refused():
    with pytest.raises(ValueError, match=r"series B x 2 x L \(NDVI, EVI\), .* \(4, 4, 9\)"):
        RecurrencePlots(PLAIN)(series(4, 4, 9))
