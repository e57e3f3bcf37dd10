import math

import pytest
import torch

from pimc.model.losses.vicreg import VicRegLoss


def slow_loss(first, second):
    """The three terms, sum by sum."""
    count, size = first.shape
    total = 0.0
    for i in range(count):
        for d in range(size):
            total += 25 * float(first[i, d] - second[i, d]) ** 2 / (count * size)
    for side in (first, second):
        means = [sum(float(side[i, d]) for i in range(count)) / count for d in range(size)]
        for d in range(size):
            for e in range(size):
                covariance = sum(
                    (float(side[i, d]) - means[d]) * (float(side[i, e]) - means[e])
                    for i in range(count)
                ) / (count - 1)
                if d == e:
                    hinge = max(0.0, 1 - math.sqrt(covariance + 1e-4))
                    total += 25 * hinge / (2 * size)
                else:
                    total += covariance**2 / size
    return total


@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_loss_is_the_formula(spread):
    first, second = spread * torch.randn(2, 9, 4, generator=torch.Generator().manual_seed(0))
    loss = VicRegLoss()(first, second)
    assert loss.item() == pytest.approx(slow_loss(first, second), rel=1e-5)


def test_spread_out_pairs_that_agree_cost_nothing():
    # the corners of a square: deviations 2 / sqrt(3) > 1, no covariance
    corners = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert VicRegLoss()(corners, corners).item() == 0


def test_collapse_costs_by_hand():
    # no spread: 25 (1 - sqrt(1e-4)) for the mean over both sides; nothing else
    same = torch.ones(5, 3)
    assert VicRegLoss()(same, same).item() == pytest.approx(25 * 0.99, rel=1e-5)


def test_gradient_is_finite_at_collapse():
    same = torch.ones(5, 3, requires_grad=True)
    VicRegLoss()(same, torch.ones(5, 3)).backward()
    assert same.grad.isfinite().all()


def test_wrong_input():
    with pytest.raises(ValueError, match="two or more pairs"):
        VicRegLoss()(torch.ones(1, 4), torch.ones(1, 4))
    with pytest.raises(ValueError, match="vicreg has no negatives"):
        VicRegLoss()(torch.ones(3, 4), torch.ones(3, 4), torch.zeros(3, 3, dtype=torch.bool))
