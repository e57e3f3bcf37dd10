import math

import pytest
import torch

from pimc.model.architecture import Architecture
from pimc.model.temporal import TemporalNetwork, calendar_waves
from pimc.signal.calendar import CalendarOptions

SMALL = Architecture((8,), embedding_size=6, temporal_width=8)


def network(length=30, channels=2):
    torch.manual_seed(0)
    return TemporalNetwork(channels, SMALL, CalendarOptions(length=length))


def test_waves_by_hand():
    waves = calendar_waves(CalendarOptions(step=365, length=2)) * 2
    # the second date is half a period on: every odd wave has turned round
    assert waves.shape == (2, 25)
    assert waves[:, 0].tolist() == [1, 1]
    expected = [math.cos(math.pi * wave) for wave in range(1, 13)]
    torch.testing.assert_close(waves[1, 13:], torch.tensor(expected), atol=1e-5, rtol=0)
    torch.testing.assert_close(waves[:, 1:13], torch.zeros(2, 12), atol=1e-5, rtol=0)


@pytest.mark.parametrize("length", [1, 5, 36, 61])
def test_weights_fit_series_of_any_length(length):
    short = network(length)
    short.load_state_dict(network(61).state_dict())
    assert short(torch.rand(3, 2, length)).shape == (3, 6)


def test_a_shorter_series_meets_the_weights_of_the_same_days():
    whole, short = (
        calendar_waves(CalendarOptions(length=61)),
        calendar_waves(CalendarOptions(length=32)),
    )
    torch.testing.assert_close(short * 32, whole[:32] * 61)


def test_it_tells_a_series_from_itself_later_and_keeps_its_level():
    season = torch.zeros(1, 2, 30)
    season[..., 10:14] = 1
    temporal = network()
    embedded = temporal(season)
    for other in (season.roll(5, dims=-1), season + 1):
        assert (temporal(other) - embedded).norm() > 0.02 * embedded.norm()


def test_an_embedding_does_not_depend_on_the_batch():
    many = torch.rand(5, 2, 30)
    torch.testing.assert_close(network()(many)[2:3], network()(many[2:3]))
