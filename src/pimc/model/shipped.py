"""The series encoders that come with the package, for whoever has pretrained none.

One reads indices of the ten bands, one those of blue, green, red and near infrared. To make one
again (about half an hour on two cores):

    kedro run --env=shipped --pipeline=pretrain --params=spectrum=four_bands
    python -m pimc.model.shipped data/06_models/shipped/series_encoder four_bands
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from pimc.model.adapt import ResampledEncoder
from pimc.model.encoders import SeriesEncoder
from pimc.model.storage import load_encoder, save_encoder
from pimc.signal.calendar import CalendarOptions

SPECTRA = {
    "ten_bands": Path(__file__).with_name("shipped_encoder"),
    "four_bands": Path(__file__).with_name("shipped_encoder_four_bands"),
}
"""Folders by what the encoder reads; each holds its weights, its configuration, and its card, which
says what it learned from and how. The first that the images have the bands for is taken."""

TEN_BANDS = "ten_bands"


@cache
def load_shipped(spectrum: str = TEN_BANDS) -> SeriesEncoder:
    """An encoder as it was trained, on simulated ground alone; not to be changed."""
    encoder = load_encoder(SPECTRA[spectrum])
    if not isinstance(encoder, SeriesEncoder):
        raise TypeError(f"expected an encoder of series in {SPECTRA[spectrum]}, got {encoder.kind}")
    return encoder


def shipped_encoder(indices: Sequence[str], calendar: CalendarOptions) -> SeriesEncoder:
    """The encoder for series of some indices and calendar.

    Raises:
        ValueError: for other indices than one's own, or a calendar that overlaps too little with
            its own.
    """
    encoders = [load_shipped(name) for name in SPECTRA]
    fitting = [each for each in encoders if each.config.recurrence.indices == tuple(indices)]
    encoder = (fitting or encoders)[0]
    encoder.check(indices, encoder.config.calendar)
    own, steps = encoder.config.calendar, (calendar.start, calendar.step, calendar.length)
    if steps == (own.start, own.step, own.length):
        return encoder
    return ResampledEncoder(encoder, calendar).eval()


def take_in(folder: Path, spectrum: str = TEN_BANDS) -> None:
    """Put a pretrained encoder of series in the place of one that comes with the package.

    Raises:
        TypeError: if the folder holds an encoder of images.
    """
    encoder = load_encoder(folder)
    if not isinstance(encoder, SeriesEncoder):
        raise TypeError(f"expected an encoder of series in {folder}, got {encoder.kind}")
    # its patches are the simulation's own, whose names others' patches have too
    config = replace(encoder.config, trained_on={})
    taken = SeriesEncoder(config)
    taken.load_state_dict(encoder.state_dict())
    save_encoder(taken, SPECTRA[spectrum])


if __name__ == "__main__":
    take_in(Path(sys.argv[1]), *sys.argv[2:3])
