"""Small grounds to be mapped: simulated crops in dated GeoTIFFs, an encoder of random weights."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from cases.geotiffs import UTM, write_tif

from pimc.data.stack.scenes import StackOptions, stack_places
from pimc.mapping.blocks import BlockStore, make_missing, plan_blocks
from pimc.mapping.ground import Embedder, find_grounds
from pimc.mapping.options import FLOAT32, MapOptions
from pimc.model.architecture import Architecture
from pimc.model.encoder_config import SeriesEncoderConfig
from pimc.model.encoders import SeriesEncoder
from pimc.signal.calendar import CalendarOptions
from pimc.signal.pixel_series import needed_bands
from pimc.signal.recurrence import Recurrence
from pimc.signal.screening import ScreeningOptions

TEN_BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
SOIL = np.array([800, 1100, 1400, 1700, 1900, 2100, 2300, 2500, 3000, 2600])
LEAF = np.array([300, 600, 400, 900, 2400, 3000, 3400, 3600, 1900, 900])
"""Reflectance x 10,000 of bare and of green ground."""

DATES = tuple(f"2021{month:02d}05" for month in range(3, 11))
PEAKS = (130, 190, 250)
"""Days of the year on which crops are greenest, by code."""

CALENDAR = CalendarOptions("01-01", 12, 30, min_observations=4)
RECURRENCE = Recurrence(("NDVI", "EVI"), "unthresholded", (0.4, 0.3), (0.2, 0.1), None, 1, 1, 0.25)
SCREENING = ScreeningOptions()


def tiny_encoder(**architecture) -> SeriesEncoder:
    """Plots and series, with weights that nobody trained."""
    torch.manual_seed(0)
    options = {"widths": (8,), "embedding_size": 6, "temporal_width": 8, **architecture}
    return SeriesEncoder(SeriesEncoderConfig(Architecture(**options), CALENDAR, RECURRENCE)).eval()


def crops(codes, date, noise=0.06, seed=0):
    """Reflectance x 10,000 of the ten bands on a date, 10 x H x W, for the crops of pixels."""
    day = np.datetime64(f"{date[:4]}-{date[4:6]}-{date[6:]}")
    rng = np.random.default_rng((seed, int(day.astype(int))))
    of_year = int((day - day.astype("datetime64[Y]")).astype(int))
    green = np.exp(-(((of_year - np.take(PEAKS, codes)) / 45) ** 2))
    green = np.clip(green + noise * rng.standard_normal(codes.shape), 0, 1)
    return np.rint(SOIL[:, None, None] + (LEAF - SOIL)[:, None, None] * green).astype(np.uint16)


def write_crops(folder: Path, codes, change=None, dates=DATES, bands=TEN_BANDS, **profile) -> Path:
    """A place of crops; ``change(date number, values)`` alters an image, and may add bands.

    It returns values, and the names of all of their bands.
    """
    for number, date in enumerate(dates):
        values = crops(codes, date)[[TEN_BANDS.index(band) for band in bands]]
        names = bands
        if change is not None:
            values, names = change(number, values)
        write_tif(folder / f"S2_{date}.tif", values, names, **{"transform": UTM, **profile})
    return folder


def places_of(folder: Path, encoder=None, **options):
    """A stack, opened with the bands of an encoder."""
    network = encoder or tiny_encoder()
    bands = needed_bands(network.config.recurrence.indices)
    return stack_places(StackOptions(str(folder), bands=bands, **options))


def plan(folder: Path, encoder=None, options=None, digest="digest", projection=None, **given):
    """Blocks of the first place and season of a stack."""
    network = encoder or tiny_encoder()
    options = options or MapOptions(block=16)
    grounds = find_grounds(places_of(folder, network, **given), network, CALENDAR, SCREENING)
    return plan_blocks(grounds, Embedder(network, projection=projection), options, digest)[0]


@contextmanager
def one_thread():
    """As workers have: with four and more, torch takes sums in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def make_store(folder: Path, blocks) -> BlockStore:
    """All blocks of a map, on disk."""
    store = BlockStore(folder, blocks)
    for _ in make_missing(store):
        pass
    return store


def image_of(store: BlockStore) -> np.ndarray:
    """Embeddings of a whole map, H x W x D float32."""
    shape = store.blocks.ground.place.grid.shape
    whole = np.full((*shape, store.blocks.embedder.size), -999, np.float32)
    for block in store:
        window = block.window
        whole[window.slices] = block.values.reshape(window.height, window.width, -1)
    return whole


def exact(options: MapOptions | None = None) -> MapOptions:
    """Options of a map in float32."""
    return replace(options or MapOptions(block=16), stored_as=FLOAT32)
