"""What a map reads and embeds: each pixel its own series, no seams, no data where too little."""

from dataclasses import replace

import numpy as np
import pytest
import rasterio
import torch
from cases.geotiffs import UTM
from cases.maps import (
    CALENDAR,
    DATES,
    SCREENING,
    TEN_BANDS,
    crops,
    exact,
    image_of,
    make_store,
    places_of,
    plan,
    tiny_encoder,
    write_crops,
)
from rasterio.transform import Affine

from pimc.data.patch import FILL
from pimc.mapping.choice import series_branch
from pimc.mapping.ground import Window, count_bytes, cut_windows, find_grounds
from pimc.mapping.options import MapOptions
from pimc.signal.pixel_series import SeriesRecipe, make_series
from pimc.signal.seasons import season_day

HEIGHT, WIDTH = 19, 30
CODES = np.random.default_rng(0).integers(0, 3, (HEIGHT, WIDTH))
CLOUDY, CLEAR = 9, 4
"""Of Sen2Cor's scene classification."""

SEEN = np.random.default_rng(1).random((len(DATES), HEIGHT, WIDTH)) > 0.35
FILLED = np.random.default_rng(2).random((len(DATES), HEIGHT, WIDTH)) > 0.9
SEEN[:, :3, :4] = False  # a corner that no image shows
SEEN[:3, :3, :4] = True
FILLED[:, :3, :4] = False


def clouds(number, values):
    """A mask in the file, and pixels without data."""
    values = np.where(FILLED[number], 0, values)
    mask = np.where(SEEN[number], CLEAR, CLOUDY).astype(values.dtype)
    return np.concatenate([values, mask[None]]), (*TEN_BANDS, "SCL")


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack") / "farm"
    return write_crops(folder, CODES, clouds, nodata=0)


@pytest.fixture(scope="module")
def store(stack, tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("blocks"), plan(stack, options=exact()))


@pytest.mark.parametrize(
    ("shape", "side"), [((1, 1), 16), ((16, 32), 16), ((17, 33), 16), ((40, 5), 16), ((9, 9), 4)]
)
def test_windows_cover_each_pixel_once(shape, side):
    seen = np.zeros(shape, int)
    windows = list(cut_windows(shape, side))
    for window in windows:
        part = seen[window.slices]
        part += 1
        assert part.shape == (window.height, window.width) and part.size == window.size
        assert window.row % side == window.col % side == 0
    assert (seen == 1).all() and windows == sorted(windows)


def slow_pixel(stack, encoder, row, col):
    """Embedding and observations of a pixel that is found by its coordinates, alone."""
    x, y = UTM @ (col + 0.5, row + 0.5)
    reflectance = np.full((1, len(DATES), len(TEN_BANDS)), FILL, np.int16)
    for number, date in enumerate(DATES):
        with rasterio.open(stack / f"S2_{date}.tif") as source:
            *values, scl = next(source.sample([(x, y)]))
        if scl == CLEAR and 0 not in values:
            reflectance[0, number] = values
    dates = [f"{date[:4]}-{date[4:6]}-{date[6:]}" for date in DATES]
    days = np.array(dates, "datetime64[D]").astype(np.int64)
    recipe = SeriesRecipe(encoder.config.recurrence.indices, CALENDAR, SCREENING)
    made = make_series(reflectance, days, TEN_BANDS, recipe, season_day("2021-01-01"))
    if not made.has_series[0]:
        return np.full(encoder.embedding_size, np.nan), int(made.counts[0])
    with torch.inference_mode():
        return encoder(torch.from_numpy(made.series))[0].numpy(), int(made.counts[0])


def observations_of(store):
    whole = np.zeros(store.blocks.ground.place.grid.shape, int)
    for block in store:
        window = block.window
        whole[window.slices] = block.observations.reshape(window.height, window.width)
    return whole


def test_a_pixel_of_the_map_is_the_encoder_on_the_series_at_its_coordinates(stack, store):
    whole, counts = image_of(store), observations_of(store)
    encoder = tiny_encoder()
    known = 0
    for row, col in [(0, 0), (0, 29), (18, 0), (18, 29), (15, 15), (16, 16), (15, 16), (7, 22)]:
        expected, count = slow_pixel(stack, encoder, row, col)
        np.testing.assert_allclose(whole[row, col], expected, rtol=1e-4, atol=1e-5)
        assert counts[row, col] == count
        known += np.isfinite(expected).all()
    assert known >= 4


def test_pixels_of_few_observations_have_no_embedding(store):
    whole, counts = image_of(store), observations_of(store)
    # what the mask and the fill leave; the screening may take more
    seen = (SEEN & ~FILLED).sum(axis=0)
    assert (counts <= seen).all() and counts.max() > CALENDAR.min_observations
    enough = counts >= CALENDAR.min_observations
    assert 0.05 < enough.mean() < 0.95 and not enough[:3, :4].any()
    np.testing.assert_array_equal(np.isfinite(whole), np.repeat(enough[..., None], 12, axis=2))


def test_the_mask_and_the_fill_of_files_are_read(stack):
    (ground,) = find_grounds(places_of(stack), tiny_encoder(), CALENDAR, SCREENING)
    read = ground.read(Window(2, 3, 9, 20)).reshape(9, 20, len(DATES), -1)
    kept = np.moveaxis(SEEN & ~FILLED, 0, 2)[2:11, 3:23]
    np.testing.assert_array_equal((read != FILL).all(axis=3), kept)
    np.testing.assert_array_equal((read != FILL).any(axis=3), kept)
    with rasterio.open(stack / f"S2_{DATES[4]}.tif") as source:
        blue = source.read(1)[2:11, 3:23]
    assert ground.place.bands[0] == "B02"
    np.testing.assert_array_equal(read[:, :, 4, 0][kept[..., 4]], blue[kept[..., 4]])


def test_halves_that_are_mapped_alone_are_the_whole(store, tmp_path):
    halves = []
    for name, cols in (("west", slice(0, 13)), ("east", slice(13, WIDTH))):

        def cut(number, _, cols=cols):
            values, names = clouds(number, crops(CODES, DATES[number]))
            return values[..., cols], names

        folder = write_crops(
            tmp_path / name,
            CODES[:, cols],
            cut,
            nodata=0,
            transform=UTM @ Affine.translation(cols.start, 0),
        )
        halves.append(image_of(make_store(tmp_path / "blocks", plan(folder, options=exact()))))
    together = np.concatenate(halves, axis=1)
    np.testing.assert_array_equal(np.isnan(together), np.isnan(image_of(store)))
    np.testing.assert_allclose(together, image_of(store), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [32, 48])
def test_the_cutting_into_blocks_leaves_no_trace(stack, store, tmp_path, side):
    other = plan(stack, options=exact(MapOptions(block=side)))
    np.testing.assert_allclose(
        image_of(make_store(tmp_path, other)), image_of(store), rtol=1e-4, atol=1e-5
    )


def test_the_season_is_that_of_all_dates_of_the_place(tmp_path):
    """West is seen in 2020 alone, east in 2021 alone: both read the season of most dates."""
    earlier = tuple(f"2020{date[4:]}" for date in DATES[1:])

    def west(number, values):
        values[:, :, 6:] = 0
        return values, TEN_BANDS

    def east(number, values):
        values[:, :, :6] = 0
        return values, TEN_BANDS

    write_crops(tmp_path / "farm", CODES[:8, :12], west, dates=earlier, nodata=0)
    write_crops(tmp_path / "farm", CODES[:8, :12], east, nodata=0)
    blocks = plan(tmp_path / "farm", options=exact())
    both = find_grounds(places_of(tmp_path / "farm"), tiny_encoder(), CALENDAR, SCREENING)
    assert [ground.name for ground in both] == [
        "farm_2020-01-01_2020-12-25",
        "farm_2021-01-01_2021-12-26",
    ]
    best = find_grounds(
        places_of(tmp_path / "farm"), tiny_encoder(), replace(CALENDAR, seasons="best"), SCREENING
    )
    assert [ground.name for ground in best] == ["farm_2021-01-01_2021-12-26"]
    first = image_of(make_store(tmp_path / "blocks", blocks))
    np.testing.assert_array_equal(np.isfinite(first[..., 0]), [[True] * 6 + [False] * 6] * 8)
    second = image_of(make_store(tmp_path / "blocks", replace(blocks, ground=best[0])))
    np.testing.assert_array_equal(np.isfinite(second[..., 0]), [[False] * 6 + [True] * 6] * 8)


def test_the_encoder_gives_calendar_and_indices_and_the_user_the_rest(stack):
    asked = replace(CALENDAR, start="09-15", step=7, length=10, min_observations=6)
    (ground,) = find_grounds(places_of(stack), tiny_encoder(), asked, SCREENING)
    assert ground.recipe.calendar == replace(CALENDAR, min_observations=6)
    assert ground.recipe.indices == ("NDVI", "EVI")


def test_an_encoder_that_reads_which_dates_were_observed_is_given_them(stack):
    encoder = tiny_encoder()
    config = encoder.config
    told = replace(config, recurrence=replace(config.recurrence, validity=True))
    torch.manual_seed(0)
    network = type(encoder)(told).eval()
    blocks = plan(stack, network, exact())
    made = blocks.ground.series(Window(8, 8, 4, 4))
    embedded = blocks.embedder.embed(made)
    rows = np.concatenate([made.series, made.observed[:, None]], axis=1).astype(np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(rows[made.has_series])).numpy()
        blind = network(torch.from_numpy(made.series[made.has_series])).numpy()
    np.testing.assert_allclose(embedded[made.has_series], expected, rtol=1e-4, atol=1e-5)
    assert np.abs(blind - expected).max() > 1e-3


def test_the_branch_of_series_is_its_part_of_the_embedding(stack, store, tmp_path):
    encoder = tiny_encoder()
    alone = series_branch(encoder)
    blocks = plan(stack, alone, exact(), digest="alone")
    assert (alone.embedding_size, encoder.embedding_size) == (6, 12)
    np.testing.assert_allclose(
        image_of(make_store(tmp_path, blocks)), image_of(store)[..., 6:], rtol=1e-4, atol=1e-5
    )
    with pytest.raises(ValueError, match="the encoder reads plots alone; set it to both"):
        series_branch(tiny_encoder(temporal_width=0))


def test_more_observations_than_a_byte_holds_are_its_largest():
    np.testing.assert_array_equal(
        count_bytes(np.array([0, 254, 255, 256, 700])), [0, 254] + [255] * 3
    )
