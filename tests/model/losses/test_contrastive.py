import math

import pytest
import torch
from torch.nn.functional import normalize

from pimc.model.losses.contrastive import ContrastiveLoss, ProjectionHead


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


def alike_groups(*groups, count):
    """N x N: members of a group show the same; the diagonal is set too, and must not count."""
    alike = torch.eye(count, dtype=torch.bool)
    for group in groups:
        for i in group:
            alike[i, list(group)] = True
    return alike


def slow_loss_with_alike(series, images, temperature, alike, soft):
    """The formula, term by term, without or with the others that show the same."""
    unit = [[row / row.norm() for row in side] for side in (series, images)]
    count, total = len(series), 0.0
    for side, other in ((0, 1), (1, 0)):
        for i in range(count):
            same = [j for j in range(count) if j != i and alike[i, j]]
            logits = {
                j: float(unit[side][i] @ unit[other][j]) / temperature
                for j in range(count)
                if soft or j not in same
            }
            whole = math.log(sum(math.exp(value) for value in logits.values()))
            positives = [i, *same] if soft else [i]
            total -= sum(logits[j] - whole for j in positives) / len(positives)
    return total / (2 * count)


@pytest.mark.parametrize("soft", [False, True])
def test_others_that_show_the_same(soft):
    generator = torch.Generator().manual_seed(2)
    series, images = torch.randn(2, 8, 5, generator=generator)
    alike = alike_groups((0, 3, 4), (1, 7), count=8)
    loss = ContrastiveLoss(0.3, soft)(series, images, alike)
    expected = slow_loss_with_alike(series, images, 0.3, alike, soft)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    assert loss.item() != pytest.approx(slow_loss(series, images, 0.3), rel=1e-3)


def test_what_is_left_out_by_hand():
    # pixel 1 is no negative of pixel 0, nor the reverse: both meet pixel 2 alone
    generator = torch.Generator().manual_seed(3)
    series, images = torch.randn(2, 3, 4, generator=generator)
    loss = ContrastiveLoss(0.2)
    alike = alike_groups((0, 1), count=3)
    before = loss(series, images, alike)
    logits = normalize(series) @ normalize(images).T / 0.2
    pairs = [(0, 2), (1, 2)]
    rows = [-torch.log_softmax(logits[i, [i, j]], 0)[0] for i, j in pairs]
    rows.append(-torch.log_softmax(logits[2], 0)[2])
    columns = [-torch.log_softmax(logits[[i, j], i], 0)[0] for i, j in pairs]
    columns.append(-torch.log_softmax(logits[:, 2], 0)[2])
    assert before.item() == pytest.approx(torch.stack(rows + columns).mean().item(), rel=1e-5)


@pytest.mark.parametrize("soft", [False, True])
def test_nothing_alike_is_the_plain_loss(soft):
    series, images = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(4))
    plain = ContrastiveLoss(0.2)(series, images)
    none = torch.zeros(6, 6, dtype=torch.bool)
    torch.testing.assert_close(ContrastiveLoss(0.2, soft)(series, images, none), plain)
