"""The one-dimensional branch of the series encoder: convolutions in time."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from pimc.model.architecture import Architecture
from pimc.model.blocks import normalisation
from pimc.model.plots.layer import ScaledSeries
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence

DILATIONS = (1, 2, 4)
"""Of the blocks' convolutions over five dates: together they see 61."""

PERIOD = 730.0
"""Days of the slowest wave that features are weighted with: two years, so that a season of up to
that many days has no two dates of one weight."""

WAVES = 12
"""The fastest of them lasts two months."""


class TemporalBlock(nn.Module):
    """x + conv(relu(norm(conv(relu(norm(x)))))) in time: the residual block of the plots."""

    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.norm1, self.norm2 = normalisation(width), normalisation(width)
        self.conv1, self.conv2 = (
            nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation, bias=False)
            for _ in range(2)
        )
        self.dropout = nn.Dropout1d(0.0)  # of the task that trains it (`drop_channels`)

    def forward(self, x: Tensor) -> Tensor:
        """B x width x L -> B x width x L."""
        y = self.conv1(relu(self.norm1(x)))
        out: Tensor = x + self.conv2(self.dropout(relu(self.norm2(y))))
        return out


class TemporalNetwork(nn.Module):
    """Series -> embedding by residual convolutions in time and weights of the calendar's days.

    A dense layer over all dates makes TempCNN strong (Pelletier et al. 2019,
    doi 10.3390/rs11050523), and ties its weights to one length. Here the weight of a date is a
    sum of sines and cosines of its day: the layer learns their coefficients, whose number does
    not hang on the length, and a series that ends early meets the weights of the same days.
    """

    waves: Tensor

    def __init__(self, channels: int, architecture: Architecture, calendar: CalendarOptions):
        super().__init__()
        width = architecture.temporal_width
        self.stem = nn.Conv1d(channels, width, 5, padding=2)
        self.blocks = nn.Sequential(*(TemporalBlock(width, d) for d in DILATIONS))
        waves = calendar_waves(calendar)
        self.register_buffer("waves", waves, persistent=False)
        self.embed = nn.Linear(width * waves.shape[1], architecture.embedding_size)

    def forward(self, series: Tensor) -> Tensor:
        """B x channels x L -> B x embedding_size."""
        features: Tensor = relu(self.blocks(self.stem(series)))
        out: Tensor = self.embed((features @ self.waves).flatten(1))
        return out


class TemporalBranch(nn.Module):
    """The series themselves, scaled as for their plots, to an embedding."""

    def __init__(
        self, recurrence: Recurrence, architecture: Architecture, calendar: CalendarOptions
    ):
        super().__init__()
        self.reads_observed = recurrence.validity
        self.scaled = ScaledSeries(recurrence)
        channels = len(recurrence.indices) + self.reads_observed
        self.network = TemporalNetwork(channels, architecture, calendar)

    def forward(self, series: Tensor) -> Tensor:
        """Series B x I x L, or with a row of observed dates, -> B x embedding_size."""
        scaled, observed = self.scaled(series)
        if self.reads_observed:
            scaled = torch.cat([scaled, observed], dim=1)
        out: Tensor = self.network(scaled)
        return out


def calendar_waves(calendar: CalendarOptions) -> Tensor:
    """Sines and cosines of the calendar's days, and the constant: L x (2 x WAVES + 1) float32.

    Divided by the number of dates, so that features times waves are means over them.
    """
    days = torch.arange(calendar.length) * calendar.step
    angles = 2 * math.pi / PERIOD * days[:, None] * torch.arange(1, WAVES + 1)
    waves = torch.cat([torch.ones(len(days), 1), angles.sin(), angles.cos()], dim=1)
    return waves / len(days)
