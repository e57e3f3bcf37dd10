import math

import pytest
import torch

from pimc.model.contrastive import ContrastiveLoss, ProjectionHead


def slow_loss(series, images, temperature):
    """The formula, term by term."""
    unit = [[row / row.norm() for row in side] for side in (series, images)]
    count, total = len(series), 0.0
    for i in range(count):
        own = math.exp(float(unit[0][i] @ unit[1][i]) / temperature)
        to_images = sum(
            math.exp(float(unit[0][i] @ unit[1][j]) / temperature) for j in range(count)
        )
        to_series = sum(
            math.exp(float(unit[0][j] @ unit[1][i]) / temperature) for j in range(count)
        )
        total -= math.log(own / to_images) + math.log(own / to_series)
    return total / (2 * count)


@pytest.mark.parametrize("temperature", [0.05, 0.2, 1.0])
def test_loss_is_the_formula(temperature):
    generator = torch.Generator().manual_seed(0)
    series, images = torch.randn(2, 7, 5, generator=generator)
    loss = ContrastiveLoss(temperature)(series, images)
    assert loss.item() == pytest.approx(slow_loss(series, images, temperature), rel=1e-5)


def test_equal_similarities_cost_the_logarithm_of_the_batch():
    same = torch.ones(16, 4)
    assert ContrastiveLoss(0.1)(same, same).item() == pytest.approx(math.log(16), rel=1e-6)


def test_orthogonal_pairs_by_hand():
    # similarities 1 / tau of own and 0 of other: -log(e^2 / (e^2 + 1)) at tau = 1/2
    loss = ContrastiveLoss(0.5)(torch.eye(2), 3 * torch.eye(2))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-6)


def test_gradients_of_vectors_and_temperature():
    generator = torch.Generator().manual_seed(1)
    series, images = torch.randn(2, 4, 3, generator=generator)
    loss = ContrastiveLoss(0.2)
    series.requires_grad_()
    loss(series, images).backward()
    step = 1e-3
    moved = torch.zeros_like(series)
    moved[1, 2] = step
    with torch.no_grad():
        slope = (loss(series + moved, images) - loss(series - moved, images)) / (2 * step)
        before = slow_loss(series, images, math.exp(-(loss.log_scale.item() + step)))
        after = slow_loss(series, images, math.exp(-(loss.log_scale.item() - step)))
    assert series.grad[1, 2].item() == pytest.approx(slope.item(), rel=2e-2)
    assert loss.log_scale.grad.item() == pytest.approx((before - after) / (2 * step), rel=1e-2)


@pytest.mark.parametrize(("raw", "expected"), [(10.0, 0.01), (-3.0, 1.0), (1.0, math.exp(-1))])
def test_temperature_is_brought_back_into_its_range(raw, expected):
    loss = ContrastiveLoss(0.2)
    with torch.no_grad():
        loss.log_scale.fill_(raw)
    loss.clamp_temperature()
    assert loss.temperature == pytest.approx(expected, rel=1e-5)


def test_wrong_input():
    with pytest.raises(ValueError, match=r"temperature must lie in 0.01..1.0, got 2"):
        ContrastiveLoss(2)
    loss = ContrastiveLoss(0.2)
    with pytest.raises(ValueError, match=r"two or more pairs .* shapes \(1, 4\) and \(1, 4\)"):
        loss(torch.ones(1, 4), torch.ones(1, 4))
    with pytest.raises(ValueError, match=r"shapes \(3, 4\) and \(2, 4\)"):
        loss(torch.ones(3, 4), torch.ones(2, 4))


def test_head_maps_to_the_projection_size():
    head = ProjectionHead(8, 5)
    vectors = torch.randn(3, 8)
    hidden = torch.relu(vectors @ head[0].weight.T + head[0].bias)
    expected = hidden @ head[2].weight.T + head[2].bias
    torch.testing.assert_close(head(vectors), expected)
