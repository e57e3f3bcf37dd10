import numpy as np
import pytest
import torch
from cases.series_cases import EDGE_CASES, series_with_ties
from hypothesis import given, settings

from pimc.model.plots.angular_fields import difference_field, summation_field
from pimc.signal.pyts_images import render_with_pyts

FIELDS = {"gramian_summation": summation_field, "gramian_difference": difference_field}


def test_fields_by_hand():
    # brought to -1..1: -1, 1, 0; angles pi, 0, pi / 2
    series = torch.tensor([2.0, 6.0, 4.0], dtype=torch.float64)
    expected = torch.tensor([[1.0, -1, 0], [-1, 1, 0], [0, 0, -1]], dtype=torch.float64)
    torch.testing.assert_close(summation_field(series), expected)
    expected = torch.tensor([[0.0, 0, 1], [0, 0, -1], [-1, 1, 0]], dtype=torch.float64)
    torch.testing.assert_close(difference_field(series), expected)


@pytest.mark.parametrize("name", FIELDS)
@settings(deadline=None, max_examples=150)
@given(values=series_with_ties())
def test_fields_equal_those_of_pyts(name, values):
    drawn = FIELDS[name](torch.from_numpy(values)).numpy()
    assert drawn.dtype == np.float64
    np.testing.assert_allclose(drawn, render_with_pyts(values, name), atol=1e-6)


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("case", EDGE_CASES)
def test_edge_cases_equal_those_of_pyts(name, case):
    values = np.array([EDGE_CASES[case]], dtype=float)
    drawn = FIELDS[name](torch.from_numpy(values)).numpy()
    np.testing.assert_allclose(drawn, render_with_pyts(values, name), atol=1e-6)


@pytest.mark.parametrize("name", FIELDS)
def test_single_precision_keeps_five_digits(name):
    values = np.random.default_rng(0).normal(size=(20, 3, 61))
    drawn = FIELDS[name](torch.from_numpy(values).float()).numpy()
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn, render_with_pyts(values, name), atol=1e-5)


@pytest.mark.parametrize("name", FIELDS)
def test_gradients_are_finite_where_the_sine_has_none(name):
    series = torch.tensor([[0.0, 1.0, 0.3], [2.0, 2.0, 2.0]]).requires_grad_()
    FIELDS[name](series).square().sum().backward()
    assert series.grad.isfinite().all()
