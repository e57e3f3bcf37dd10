"""What a map costs beside the encoder's forward pass alone, on the same threads.

python benchmarks/bench_map.py [SIDE] [DATES]

A place of SIDE x SIDE pixels (512), DATES images (24) of ten bands as GeoTIFFs with a mask, is
mapped as `kedro run --pipeline=map` maps it: images are read, screened, put on the calendar,
embedded, quantised, stored, and written as cloud-optimised GeoTIFFs. The forward pass alone runs on
filled series in memory, in batches of the size that is fastest. Rounds alternate; medians are told.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
import torch
from rasterio.transform import from_origin

from pimc.data.patch import SENTINEL2_BANDS
from pimc.data.stack.scenes import StackOptions, stack_places
from pimc.mapping.blocks import BlockStore, make_missing, plan_blocks
from pimc.mapping.choice import series_branch
from pimc.mapping.ground import Embedder, find_grounds
from pimc.mapping.options import MapOptions
from pimc.mapping.products import describe_map, embedding_products
from pimc.mapping.raster import write_raster
from pimc.model.shipped import load_shipped
from pimc.signal.calendar import CalendarOptions
from pimc.signal.pixel_series import needed_bands
from pimc.signal.screening import ScreeningOptions

ROUNDS, TRIED, TIMED = 3, (64, 128, 256, 512, 1024), 8_192

CLOUDY = 0.3
"""Share of the observations that the mask takes."""


def write_images(folder, side, dates):
    rng = np.random.default_rng(0)
    ground = rng.integers(1_000, 3_000, (len(SENTINEL2_BANDS), side, side), np.uint16)
    profile = {
        "driver": "GTiff",
        "height": side,
        "width": side,
        "count": len(SENTINEL2_BANDS) + 1,
        "dtype": "uint16",
        "crs": "EPSG:32631",
        "transform": from_origin(500_000, 5_000_000, 10, 10),
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
    }
    for number in range(dates):
        day = np.datetime64("2021-01-03") + number * 360 // dates
        with rasterio.open(folder / f"S2_{str(day).replace('-', '')}.tif", "w", **profile) as out:
            seen = ground + rng.integers(0, 100, ground.shape, np.uint16)
            cloudy = (rng.random((1, side, side)) < CLOUDY).astype(np.uint16)
            out.write(np.concatenate([seen, cloudy]))
            out.descriptions = (*SENTINEL2_BANDS, "CLOUD")


def map_seconds(folder, images, network, options):
    start = time.perf_counter()
    config = network.config
    bands = needed_bands(config.recurrence.indices)
    places = stack_places(StackOptions(path=str(images), bands=bands, offset=0))
    calendar = CalendarOptions("01-01", min_observations=4)
    grounds = find_grounds(places, network, calendar, ScreeningOptions())
    (blocks,) = plan_blocks(grounds, Embedder(network, options.precision == "bf16"), options, "")
    store = BlockStore(folder / "blocks", blocks)
    list(make_missing(store))
    pixels = sum(int(block.has_data.sum()) for block in store)
    tags = describe_map(store, "")
    for product in embedding_products(options, blocks.embedder.size, tags):
        path = folder / f"{product.layer.what}.tif"
        grid = blocks.ground.place.grid
        write_raster(path, grid, product.layer, product.parts(store), options.block)
    return pixels / (time.perf_counter() - start)


def forward_rate(network, batch, bf16):
    config = network.config
    series = torch.rand(TIMED, len(config.recurrence.indices), config.calendar.length)
    start = time.perf_counter()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        for part in torch.split(series, batch):
            network(part)
    return TIMED / (time.perf_counter() - start)


def main():
    side, dates = (int(word) for word in (*sys.argv[1:], *("512", "24")[len(sys.argv) - 1 :]))
    torch.set_num_threads(1)
    whole = load_shipped()
    cases = [
        (name, network, MapOptions(precision=precision))
        for name, network in (("both", whole), ("series", series_branch(whole)))
        for precision in ("float32", "bf16")
    ]
    with tempfile.TemporaryDirectory() as scratch:
        images = Path(scratch) / "place"
        images.mkdir()
        write_images(images, side, dates)
        for name, network, options in cases:
            bf16 = options.precision == "bf16"
            batch = max(TRIED, key=lambda size: forward_rate(network, size, bf16))
            rates = []
            for number in range(ROUNDS):
                alone = forward_rate(network, batch, bf16)
                folder = Path(scratch) / f"{name}-{options.precision}-{number}"
                rates.append((alone, map_seconds(folder, images, network, options)))
            alone, mapped = (statistics.median(column) for column in zip(*rates, strict=True))
            sys.stdout.write(
                f"{name}, {options.precision}: forward {alone:,.0f} pixels/s (batches of {batch}), "
                f"map {mapped:,.0f} pixels/s, {100 * mapped / alone:.0f} %\n"
            )


if __name__ == "__main__":
    main()
