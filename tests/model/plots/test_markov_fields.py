import warnings

import numpy as np
import pytest
import torch
from cases.series_cases import EDGE_CASES, series_with_ties
from hypothesis import given, settings
from hypothesis import strategies as st

from pimc.model.plots.markov_fields import quantile_bins, transition_field
from pimc.signal.pyts_images import render_with_pyts


def peer(values, bins):
    with warnings.catch_warnings():
        # pyts warns of every series in which quantiles are equal
        warnings.simplefilter("ignore", UserWarning)
        return render_with_pyts(values, "markov", n_bins=bins)


def test_field_by_hand():
    # bins split at the median: low low high high low high; from low: 1 low, 2 high; from high: 1, 1
    series = torch.tensor([0.0, 1.0, 10.0, 11.0, 2.0, 12.0], dtype=torch.float64)
    state = torch.tensor([0, 0, 1, 1, 0, 1])
    assert quantile_bins(series, 2).tolist() == state.tolist()
    matrix = torch.tensor([[1 / 3, 2 / 3], [1 / 2, 1 / 2]], dtype=torch.float64)
    torch.testing.assert_close(transition_field(series, 2), matrix[state[:, None], state])


@settings(deadline=None, max_examples=300)
@given(series_with_ties(), st.integers(2, 12))
def test_fields_equal_those_of_pyts(values, bins):
    drawn = transition_field(torch.from_numpy(values), bins).numpy()
    assert drawn.dtype == np.float64
    np.testing.assert_allclose(drawn, peer(values, bins), atol=1e-6)


@pytest.mark.parametrize("bins", [2, 3, 8])
@pytest.mark.parametrize("case", EDGE_CASES)
def test_edge_cases_equal_those_of_pyts(case, bins):
    values = np.array([EDGE_CASES[case]], dtype=float)
    drawn = transition_field(torch.from_numpy(values), bins).numpy()
    np.testing.assert_allclose(drawn, peer(values, bins), atol=1e-6)


def test_a_bin_that_no_step_leaves():
    # the last date alone is in the upper bin
    field = transition_field(torch.tensor([0.0, 1.0, 2.0, 9.0]), 4)
    assert field[3].tolist() == [0, 0, 0, 0]
    assert field[0].tolist() == [0, 1, 0, 0]
