from dataclasses import replace

import numpy as np
import pytest
import torch
from cases.synthetic import INDICES, RECURRENCE

from pimc.model.adapt import ResampledEncoder, interpolation
from pimc.model.architecture import Architecture
from pimc.model.encoder_config import SeriesEncoderConfig
from pimc.model.encoders import SeriesEncoder
from pimc.signal.calendar import CalendarOptions

YEAR, SEASON = CalendarOptions("01-01", 10, 36), CalendarOptions("09-15", 7, 61)


def make_encoder(validity=False):
    torch.manual_seed(0)
    architecture = Architecture((8, 8), embedding_size=8, temporal_width=8)
    config = SeriesEncoderConfig(architecture, YEAR, replace(RECURRENCE, validity=validity))
    return SeriesEncoder(config).eval()


def season_days():
    return np.datetime64("2018-09-15") + 7 * np.arange(61)


def year_days():
    return np.datetime64("2019-01-01") + 10 * np.arange(36)


@torch.inference_mode()
def test_it_embeds_what_interpolation_by_days_gives():
    rng, encoder = np.random.default_rng(0), make_encoder()
    series = rng.random((5, 2, 61)).astype(np.float32)
    on_year = [
        [np.interp(year_days().astype(float), season_days().astype(float), row) for row in rows]
        for rows in series
    ]
    expected = encoder(torch.tensor(np.array(on_year), dtype=torch.float32))
    resampled = ResampledEncoder(encoder, SEASON).eval()
    torch.testing.assert_close(resampled(torch.from_numpy(series)), expected, atol=1e-5, rtol=1e-4)
    resampled.check(INDICES, SEASON)
    with pytest.raises(ValueError, match="calendar with start 09-15, got 01-01"):
        resampled.check(INDICES, YEAR)
    with pytest.raises(ValueError, match="series of 61 calendar steps"):
        resampled(torch.zeros(1, 2, 36))


@torch.inference_mode()
def test_days_beyond_the_series_are_not_observed():
    encoder, seen = make_encoder(validity=True), []
    resampled = ResampledEncoder(encoder, SEASON).eval()
    assert resampled.reads_observed
    resampled.plots.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    resampled(torch.ones(1, 3, 61))
    # the season ends on 10 November: three steps before it, and no half a step beyond
    last = (season_days()[-1] - np.datetime64("2019-01-01")).astype(int)
    inside = 10 * np.arange(36) < last + 3.5
    assert seen[0][0, 2].tolist() == inside.astype(float).tolist()


@torch.inference_mode()
def test_a_copy_embeds_alike_and_is_another():
    resampled = ResampledEncoder(make_encoder(), SEASON).eval()
    other, series = resampled.copy().eval(), torch.rand(3, 2, 61)
    assert torch.equal(other(series), resampled(series))
    for weight in other.parameters():
        weight.zero_()
    assert not torch.equal(other(series), resampled(series))


def test_on_its_own_calendar_nothing_changes():
    steps = torch.arange(36.0)
    assert torch.equal(interpolation(steps, 36), torch.eye(36))
    assert torch.equal(interpolation(torch.tensor([-3.0, 40.0]), 36)[[0, 35]], torch.eye(2))


def test_a_calendar_that_hardly_overlaps_is_refused():
    with pytest.raises(ValueError, match="reads too little of series"):
        ResampledEncoder(make_encoder(), CalendarOptions("06-01", 5, 20))
