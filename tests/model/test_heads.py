"""Heads: one view, two views, and what the controls leave of plots."""

import torch

from pimc.model.heads import NoisePlots, SeriesNetwork, ShuffledPlots, TaskNetwork


def _two_views():
    torch.manual_seed(0)
    plots = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(10, 6))
    series = SeriesNetwork([0.0, 0.0], [1.0, 1.0], 5, width=8, embedding_size=4)
    return TaskNetwork(plots, 6, 3, series)


def test_two_views_are_averaged_and_in_training_kept_apart():
    network = _two_views().eval()
    inputs = torch.randn(4, 2, 5)
    series = network.head_beside(network.beside(inputs))
    expected = (network.head(network.encoder(inputs)) + series) / 2
    torch.testing.assert_close(network(inputs), expected)
    assert network.train()(inputs).shape == (4, 2, 3)


def test_each_view_learns_as_if_it_were_alone():
    network = _two_views().eval()  # without dropout, views still apart below
    inputs = torch.randn(4, 2, 5)
    network.training = True
    both = network(inputs)
    both[:, 0].sum().backward()
    assert all(weight.grad.eq(0).all() for weight in network.beside.parameters())
    assert network.encoder[1].weight.grad.ne(0).any()


def test_shuffled_plots_keep_their_cells():
    plots = torch.randn(2, 3, 4, 4)
    shuffled = ShuffledPlots(torch.nn.Identity())(plots)
    assert not torch.equal(shuffled, plots)
    torch.testing.assert_close(
        shuffled.flatten(2).sort(dim=2).values, plots.flatten(2).sort(dim=2).values
    )


def test_noise_tells_nothing_of_the_series():
    noise = NoisePlots(torch.nn.Identity())
    assert torch.equal(noise(torch.zeros(2, 1, 3, 3)), noise(torch.ones(2, 1, 3, 3)))
