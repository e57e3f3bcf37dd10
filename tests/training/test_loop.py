import numpy as np
import pytest
import torch
from torch import nn

from pimc.training.loop import Criterion, Samples, predict_network, train_network
from pimc.training.options import TrainingOptions

X = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
Y = X @ torch.tensor([1.0, -2.0, 0.5, 3.0])
OPTIONS = TrainingOptions(epochs=60, min_steps=1, checks=10, learning_rate=0.1, weight_decay=0.0)


def load(rows):
    return X[torch.from_numpy(rows)]


def samples(start, stop):
    rows = np.arange(start, stop)
    return Samples(load, rows, Y[start:stop, None])


def mse(outputs, targets):
    return (outputs - targets).square().mean()


def train(options=OPTIONS, network=None, score=None, **arguments):
    torch.manual_seed(0)
    return train_network(
        network or nn.Linear(4, 1),
        samples(0, 150),
        samples(150, 200),
        Criterion(mse, score or (lambda outputs, targets: -mse(outputs, targets))),
        options,
        seed=1,
        **arguments,
    )


def test_a_line_is_found_and_the_same_seed_finds_the_same():
    first, second = train(), train()
    weights = first.network.weight
    torch.testing.assert_close(weights, torch.tensor([[1.0, -2.0, 0.5, 3.0]]), atol=0.01, rtol=0)
    assert torch.equal(weights, second.network.weight)
    assert len(first.scores) == 10 and first.score == max(first.scores)


def test_the_weights_of_the_best_check_are_kept():
    # a score that falls as the fit gets better: the first check is the best
    trained = train(score=mse)
    assert trained.step == 18 and trained.score == trained.scores[0] > trained.scores[-1]
    outputs = predict_network(trained.network, load, np.arange(150, 200))
    assert float(mse(outputs, Y[150:, None])) == pytest.approx(trained.score)


def test_few_samples_are_passed_over_until_the_least_number_of_steps():
    trained = train(TrainingOptions(epochs=1, min_steps=40, checks=1))
    assert trained.step == 40


def test_an_encoder_can_be_changed_more_gently():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.head = nn.Linear(4, 4), nn.Linear(4, 1)

        def forward(self, x):
            return self.head(self.encoder(x))

    torch.manual_seed(0)
    network = Net()
    before = [each.weight.detach().clone() for each in (network.encoder, network.head)]
    options = TrainingOptions(epochs=1, min_steps=1, encoder_factor=1e-6, weight_decay=0.0)
    trained = train(options, network).network
    moved = [
        float((each.weight - old).abs().max())
        for each, old in zip((trained.encoder, trained.head), before, strict=True)
    ]
    assert moved[0] < 1e-5 < moved[1]


def test_a_training_that_diverges_says_so():
    with pytest.raises(ValueError, match="never a number: lower the learning rate"):
        train(score=lambda outputs, targets: torch.tensor(torch.nan))


def test_options_and_samples_are_checked():
    with pytest.raises(ValueError, match="checks must be at least 1, got 0"):
        TrainingOptions(checks=0)
    with pytest.raises(ValueError, match="learning_rate and gradient_clip must be above 0"):
        TrainingOptions(learning_rate=0)
    with pytest.raises(ValueError, match="got 2 rows and 3 targets"):
        Samples(load, np.arange(2), torch.zeros(3))


class TwoViews(nn.Module):
    """Two lines, each a view of its own."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 1), nn.Linear(4, 1)

    def forward(self, x):
        views = torch.stack([self.first(x), self.second(x)], dim=1)
        return views if self.training else views.mean(dim=1)


def test_each_view_of_a_network_is_judged_by_itself():
    trained = train(network=TwoViews()).network
    for view in (trained.first, trained.second):
        torch.testing.assert_close(
            view.weight, torch.tensor([[1.0, -2.0, 0.5, 3.0]]), atol=0.01, rtol=0
        )
