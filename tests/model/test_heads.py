"""Heads: one view, two views, and what the controls leave of plots."""

import torch

from pimc.model.heads import NoisePlots, SeriesNetwork, ShuffledPlots, TaskNetwork


def _three_views():
    """An encoder of two branches, and a second encoder beside it."""
    torch.manual_seed(0)
    encoder = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(10, 6))
    series = SeriesNetwork([0.0, 0.0], [1.0, 1.0], 5, width=8, embedding_size=4)
    return TaskNetwork(encoder, (4, 2), 3, series)


def test_views_are_averaged_and_in_training_kept_apart():
    network = _three_views().eval()
    inputs = torch.randn(4, 2, 5)
    embedded = network.encoder(inputs)
    views = [embedded[:, :4], embedded[:, 4:], network.beside(inputs)]
    expected = sum(head(view) for head, view in zip(network.heads, views, strict=True)) / 3
    torch.testing.assert_close(network(inputs), expected)
    assert network.train()(inputs).shape == (4, 3, 3)


def test_one_view_is_its_head():
    encoder = torch.nn.Linear(5, 6)
    network = TaskNetwork(encoder, [6], 3).train()
    network.heads[0][1].p = 0.0
    inputs = torch.randn(4, 5)
    torch.testing.assert_close(network(inputs), network.heads[0](encoder(inputs)))


def test_each_view_learns_as_if_it_were_alone():
    network = _three_views().eval()  # without dropout, views still apart below
    inputs = torch.randn(4, 2, 5)
    network.training = True
    views = network(inputs)
    views[:, 1].sum().backward()
    assert all(weight.grad.eq(0).all() for weight in network.beside.parameters())
    moved = network.encoder[1].weight.grad.abs().sum(dim=1) > 0
    assert moved.tolist() == [False] * 4 + [True] * 2


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
