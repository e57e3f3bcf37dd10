"""The series encoder that comes with the package, for whoever has pretrained none.

To make it again (about half an hour on two cores):

    kedro run --env=shipped --pipeline=pretrain
    python -m pimc.model.shipped data/06_models/shipped/series_encoder
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

FOLDER = Path(__file__).with_name("shipped_encoder")
"""Its weights, its configuration, and its card, which says what it learned from and how."""


@cache
def load_shipped() -> SeriesEncoder:
    """The encoder as it was trained, on simulated ground alone; not to be changed."""
    encoder = load_encoder(FOLDER)
    if not isinstance(encoder, SeriesEncoder):
        raise TypeError(f"expected an encoder of series in {FOLDER}, got {encoder.kind}")
    return encoder


def shipped_encoder(indices: Sequence[str], calendar: CalendarOptions) -> SeriesEncoder:
    """The encoder for series of some calendar.

    Raises:
        ValueError: for other indices than its own, or a calendar that overlaps too little with
            its own.
    """
    encoder = load_shipped()
    encoder.check(indices, encoder.config.calendar)
    own, steps = encoder.config.calendar, (calendar.start, calendar.step, calendar.length)
    if steps == (own.start, own.step, own.length):
        return encoder
    return ResampledEncoder(encoder, calendar).eval()


def take_in(folder: Path) -> None:
    """Put a pretrained encoder of series in the place of the one that comes with the package.

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
    save_encoder(taken, FOLDER)


if __name__ == "__main__":
    take_in(Path(sys.argv[1]))
