import math

import pytest
import torch

from pimc.model.losses.siglip import SigLipLoss


def slow_loss(first, second, scale, bias, alike=None, soft=False):
    """The formula, term by term."""
    count, total = len(first), 0.0
    for i in range(count):
        for j in range(count):
            same = alike is not None and i != j and bool(alike[i, j])
            if same and not soft:
                continue
            sign = 1 if i == j or same else -1
            cosine = float(first[i] @ second[j] / (first[i].norm() * second[j].norm()))
            total -= math.log(1 / (1 + math.exp(-sign * (scale * cosine + bias))))
    return total / count


@pytest.fixture
def sides():
    return torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("scale", "bias"), [(10.0, -10.0), (3.0, 0.5)])
def test_loss_is_the_formula(sides, scale, bias):
    loss = SigLipLoss()
    with torch.no_grad():
        loss.log_scale.fill_(math.log(scale))
        loss.bias.fill_(bias)
    assert loss(*sides).item() == pytest.approx(slow_loss(*sides, scale, bias), rel=1e-5)


def test_it_starts_where_its_authors_start():
    loss = SigLipLoss()
    assert loss.log_scale.item() == pytest.approx(math.log(10))
    assert loss.bias.item() == -10
    assert loss.temperature == pytest.approx(0.1)


def test_orthogonal_pairs_by_hand():
    # own: 10 - 10 = 0, so ln 2; other: -10, so ln(1 + e^-10); one of each for each of two rows
    loss = SigLipLoss()(torch.eye(2), 3 * torch.eye(2))
    assert loss.item() == pytest.approx(math.log(2) + math.log1p(math.exp(-10)), rel=1e-5)


@pytest.mark.parametrize("soft", [False, True])
def test_others_that_show_the_same(sides, soft):
    alike = torch.eye(7, dtype=torch.bool)
    alike[[0, 3, 2, 6], [3, 0, 6, 2]] = True
    value = SigLipLoss(soft)(*sides, alike).item()
    assert value == pytest.approx(slow_loss(*sides, 10, -10, alike, soft), rel=1e-5)
    assert value != pytest.approx(slow_loss(*sides, 10, -10), rel=1e-3)


def test_gradients_of_scale_and_bias(sides):
    loss, step = SigLipLoss(), 1e-3
    loss(*sides).backward()
    of_bias = slow_loss(*sides, 10, -10 + step) - slow_loss(*sides, 10, -10 - step)
    scales = 10 * math.exp(step), 10 * math.exp(-step)
    of_scale = slow_loss(*sides, scales[0], -10) - slow_loss(*sides, scales[1], -10)
    assert loss.bias.grad.item() == pytest.approx(of_bias / (2 * step), rel=1e-3)
    assert loss.log_scale.grad.item() == pytest.approx(of_scale / (2 * step), rel=1e-3)


@pytest.mark.parametrize(("raw", "expected"), [(9.0, 0.01), (-1.0, 1.0), (1.0, math.exp(-1))])
def test_scale_is_brought_back_into_its_range(raw, expected):
    loss = SigLipLoss()
    with torch.no_grad():
        loss.log_scale.fill_(raw)
    loss.clamp_temperature()
    assert loss.temperature == pytest.approx(expected, rel=1e-5)


def test_wrong_input():
    with pytest.raises(ValueError, match=r"two or more pairs .* \(3, 4\) and \(2, 4\)"):
        SigLipLoss()(torch.ones(3, 4), torch.ones(2, 4))
