"""What a stranger has: reflectance of pixels at the dates of a year, and small encoders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from pimc.model.architecture import Architecture
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence

BANDS = ("B02", "B03", "B04", "B08")
DATES = np.datetime64("2019-01-03") + 9 * np.arange(40)
CALENDAR = CalendarOptions(start="01-01", step=20, length=18, min_observations=4)
LEVEL = Recurrence(("NDVI", "SAVI"), "level", (0.4, 0.3), (0.2, 0.1), None, 1, 1, 0.25)
SMALL = Architecture((8, 16), stem_stride=2, embedding_size=6, temporal_width=8)


def make_series_encoder(recurrence: Recurrence = LEVEL) -> SeriesEncoder:
    """One of both branches, with first weights that are always the same."""
    torch.manual_seed(0)
    return SeriesEncoder(SeriesEncoderConfig(SMALL, CALENDAR, recurrence)).eval()


def make_image_encoder() -> ImageEncoder:
    """One of three bands, likewise."""
    torch.manual_seed(0)
    architecture = replace(SMALL, stem_stride=1, temporal_width=0)
    statistics = ((0.05, 0.1, 0.3), (0.03, 0.05, 0.1))
    return ImageEncoder(ImageEncoderConfig(architecture, ("B02", "B04", "B08"), *statistics)).eval()


def make_reflectance(pixels: int = 30, seed: int = 0) -> np.ndarray:
    """P x 40 x 4 float32 of 0..1: green in summer, a fifth of the dates missing.

    Of pixel 1 no date is known, and of pixel 2 three are.
    """
    rng = np.random.default_rng(seed)
    green = np.sin(np.linspace(0, np.pi, len(DATES))) * rng.uniform(0.2, 1, (pixels, 1))
    bare = np.array([0.04, 0.06, 0.12, 0.2])
    values = bare + green[..., None] * np.array([-0.01, 0.0, -0.08, 0.3])
    values += rng.normal(0, 0.003, values.shape)
    values[rng.random((pixels, len(DATES))) < 0.2] = np.nan
    values[1] = values[2, 3:] = np.nan
    return values.astype(np.float32)
