import numpy as np
import pytest
import torch
from cases.synthetic import make_pairs

from pimc.pretraining.objective.likeness import SeriesScale, find_alike, series_scale

SCALE = SeriesScale((0.5, 0.0), (0.1, 0.5))


def alike(ground, side=5, near=0.0, series=None):
    ground = torch.tensor(ground)
    series = torch.zeros(len(ground), 2, 3) if series is None else series
    found = find_alike(ground, series, SCALE, side, near)
    assert torch.equal(found, found.T)
    assert not found.diagonal().any()
    return {tuple(pair) for pair in found.nonzero().tolist() if pair[0] < pair[1]}


def test_pixels_of_one_parcel():
    assert alike([[3, 0, 0], [3, 90, 90], [-1, 200, 0], [-1, 300, 0]]) == {(0, 1)}


def test_crops_that_overlap():
    # 5 x 5 crops: centres 4 apart along both axes overlap, 5 along one do not
    far = [[-1, 0, 0], [-2, 4, 4], [-3, 0, 5], [-4, 9, 4]]
    assert alike(far) == {(0, 1), (1, 2)}
    assert alike(far, side=1) == set()


def test_series_that_are_nearly_the_same():
    ground = [[-1 - i, 100 * i, 0] for i in range(3)]
    series = torch.zeros(3, 2, 3)
    series[1, 0] = 0.02  # 0.2 deviations in one of two indices: 0.2 / sqrt 2 = 0.141
    series[2, 1] = 0.5
    assert alike(ground, near=0.14, series=series) == set()
    assert alike(ground, near=0.142, series=series) == {(0, 1)}
    assert alike(ground, series=series) == set()


def test_equal_series_have_no_distance_at_any_level():
    series = torch.rand(1, 2, 3).expand(4, 2, 3) + 1_000
    ground = [[-1 - i, 100 * i, 0] for i in range(4)]
    assert len(alike(ground, near=1e-6, series=series)) == 6


def test_scale_is_that_of_the_rows():
    data = make_pairs(2, 0)
    rows = np.arange(10, 60)
    scale = series_scale(data, rows)
    values = data.index_series[rows]
    np.testing.assert_allclose(scale.mean, values.mean(axis=(0, 2)), rtol=1e-5)
    np.testing.assert_allclose(scale.std, values.std(axis=(0, 2)), rtol=1e-5)
    standard = scale.standardise(torch.from_numpy(values))
    torch.testing.assert_close(standard.mean(dim=(0, 2)), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(
        standard.std(dim=(0, 2), correction=0), torch.ones(2), atol=1e-4, rtol=0
    )


def test_an_index_without_any_change():
    data = make_pairs(1, 0)
    data.index_series[:, 1] = 0.3
    with pytest.raises(ValueError, match=r"index \[1\] have one value everywhere"):
        series_scale(data, np.arange(20))
