"""Pairs that a small encoder can learn: what grows on a pixel shows in its series and its crop.

A pixel has a greenness and a date of its peak, both drawn at random. The series of each index is
a season with that height and that peak; in the frames the two numbers are the reflectance of the
near infrared and the red band of its 15 x 15 surroundings, and the third band is noise.
"""

import numpy as np
import pandas as pd

from pimc.data.patch import FILL
from pimc.pretraining.batches.pairs import PairData
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence

INDICES = ("NDVI", "EVI")
BANDS = ("B04", "B08", "B11")
CALENDAR = CalendarOptions(length=24)
RECURRENCE = Recurrence(INDICES, "unthresholded", (0.0, 0.0), (1.0, 1.0), None, 1, 1, 0.25)
BLOCK, SIDE = 16, 80


def make_pairs(patches: int, seed: int, places: int = 1, per_block: int = 2) -> PairData:
    """Patches of 5 x 5 blocks; the pixels of a block share its two numbers, and its parcel.

    Each seed has ground of its own: none lies on that of another.
    """
    rng = np.random.default_rng(seed)
    blocks = SIDE // BLOCK
    number = np.arange(blocks * blocks).reshape(blocks, blocks)
    parcels = np.kron(number, np.ones((BLOCK, BLOCK), dtype=int)) + 1
    season = np.linspace(0, 1, CALENDAR.length)
    frames, series, rows = [], [], []
    for patch in range(patches):
        height, peak = rng.uniform(0.2, 0.9, blocks**2), rng.uniform(0.2, 0.8, blocks**2)
        ground = np.stack([peak[parcels - 1], height[parcels - 1], 0 * parcels]) * 4000
        for _ in range(2):
            noise = rng.normal(0, 60, ground.shape) + rng.normal(0, 60, (len(BANDS), 1, 1))
            frames.append((ground + noise + 500).astype(np.int16))
        for row, col in rng.integers(7, SIDE - 7, (per_block * blocks**2, 2)):
            block = parcels[row, col] - 1
            bell = height[block] * np.exp(-(((season - peak[block]) / 0.15) ** 2))
            series.append(np.stack([bell, 0.7 * bell]) + rng.normal(0, 0.01, (2, len(season))))
            rows.append((patch, row, col, parcels[row, col]))
    patch, row, col, parcel = np.array(rows).T
    pixels = pd.DataFrame({"patch_index": patch, "row": row, "col": col, "parcel": parcel})
    pixels["patch"] = [f"patch-{p}" for p in patch]
    pixels["place"] = [f"place-{p % places}" for p in patch]
    pixels["y"], pixels["x"] = row + 2 * SIDE * seed, col + SIDE * (patch // places)
    pixels["fold"] = 1
    stacked = np.stack(frames)
    stacked[0, 2, :4, :4] = FILL
    choices = np.stack([2 * patch, 2 * patch + 1, np.full_like(patch, -1)], axis=1)
    return PairData(np.stack(series).astype(np.float32), pixels, stacked, choices.astype(np.int32))
