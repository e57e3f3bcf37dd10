"""What a step of the default series encoder costs as the channels of a series grow.

python benchmarks/bench_channels.py

Forward and backward of 512 series of 36 dates, on one thread, in processor time, so that what else
runs does not count; rounds alternate.
"""

import statistics
import sys
import time

import torch

from pimc.model.architecture import find_preset
from pimc.model.encoder_config import SeriesEncoderConfig
from pimc.model.encoders import SeriesEncoder
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence

CHANNELS, SERIES, ROUNDS = (3, 6, 10, 16), 512, 5
CALENDAR = CalendarOptions("01-01", 10, 36)


def make_encoder(channels):
    zeros, ones = (0.0,) * channels, (1.0,) * channels
    names = tuple(f"channel {number}" for number in range(channels))
    fitted = Recurrence(names, "level", zeros, ones, None, 1, 1, 0.25)
    return SeriesEncoder(SeriesEncoderConfig(find_preset("fused").series, CALENDAR, fitted))


def step_seconds(encoder, series):
    start = time.process_time()
    encoder(series).square().mean().backward()
    return time.process_time() - start


def main():
    torch.set_num_threads(1)
    cases = [(make_encoder(n), torch.randn(SERIES, n, CALENDAR.length)) for n in CHANNELS]
    rounds = [[step_seconds(*case) for case in cases] for _ in range(ROUNDS + 1)][1:]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    for channels, seconds in zip(CHANNELS, medians, strict=True):
        ratio = seconds / medians[0]
        sys.stdout.write(f"{channels:2d} channels: {seconds:.3f} s, {ratio:.2f} times 3\n")


if __name__ == "__main__":
    main()
