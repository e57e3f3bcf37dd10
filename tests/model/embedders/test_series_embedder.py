import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from cases.strangers import (
    BANDS,
    CALENDAR,
    DATES,
    LEVEL,
    make_reflectance,
    make_series_encoder,
)

from pimc.data.patch import FILL
from pimc.model.embedders import series as module
from pimc.model.embedders.series import SeriesEmbedder
from pimc.signal.pixel_series import SeriesRecipe, make_series
from pimc.signal.screening import ScreeningOptions

REFLECTANCE = make_reflectance()
YEAR = 17897  # 2019-01-01


@pytest.fixture(params=[LEVEL, replace(LEVEL, validity=True)], ids=["series", "observed"])
def encoder(request):
    return SeriesEmbedder(make_series_encoder(request.param))


@pytest.fixture
def embedder():
    return SeriesEmbedder(make_series_encoder())


def as_integers(values):
    return np.where(np.isnan(values), FILL, np.rint(10_000 * values)).astype(np.int16)


def test_embeddings_are_those_of_the_series_that_the_stages_make(encoder):
    embedded = encoder.embed(REFLECTANCE, DATES, BANDS)
    days = DATES.astype("datetime64[D]").astype(int)
    recipe = SeriesRecipe(("NDVI", "SAVI"), CALENDAR)
    made = make_series(as_integers(REFLECTANCE), days, BANDS, recipe, YEAR)
    given = [made.series[made.has_series]]
    if encoder.network.reads_observed:
        given.append(made.observed[made.has_series, None].astype(np.float32))
    with torch.inference_mode():
        expected = encoder.network(torch.from_numpy(np.concatenate(given, axis=1)))
    np.testing.assert_allclose(embedded[made.has_series], expected, atol=1e-5)
    assert embedded.dtype == np.float32 and embedded.shape == (30, encoder.embedding_size)
    # too few observations, and none
    assert np.flatnonzero(np.isnan(embedded).any(axis=1)).tolist() == [1, 2]


def test_integers_and_other_orders_of_dates_and_bands_give_the_same(embedder, monkeypatch):
    expected = embedder.embed(REFLECTANCE, DATES, BANDS)
    integers = as_integers(REFLECTANCE)
    np.testing.assert_array_equal(embedder.embed(integers, DATES, BANDS), expected)
    rng = np.random.default_rng(0)
    dates, bands = rng.permutation(40), rng.permutation(4)
    moved = REFLECTANCE[:, dates][..., bands]
    names = [["blue", "green", "red", "nir"][band] for band in bands]
    np.testing.assert_array_equal(embedder.embed(moved, DATES[dates].astype(str), names), expected)
    monkeypatch.setattr(module, "PIXELS", 7)  # more parts than one, the last a shorter one
    np.testing.assert_allclose(embedder.embed(integers, DATES, BANDS), expected, atol=1e-5)


def test_two_halves_of_a_day_are_one_observation(embedder, caplog):
    caplog.set_level(logging.INFO)
    expected = embedder.embed(REFLECTANCE, DATES, BANDS)
    east, west = REFLECTANCE.copy(), REFLECTANCE.copy()
    east[:15], west[15:] = np.nan, np.nan
    both = np.concatenate([east, west], axis=1)
    embedded = embedder.embed(both, [*DATES, *DATES], BANDS)
    np.testing.assert_array_equal(embedded, expected)
    assert "40 days have several acquisitions" in caplog.text
    assert "2 of 30 pixels have too few clear dates" in caplog.text


def test_of_several_seasons_the_one_with_most_dates_or_the_one_asked_for(embedder):
    early = DATES[::2] - 365
    dates, values = [*early, *DATES], np.concatenate([REFLECTANCE[:, ::2], REFLECTANCE], axis=1)
    assert embedder.seasons(dates) == ["2018-01-01", "2019-01-01"]
    best = embedder.embed(values, dates, BANDS)
    np.testing.assert_array_equal(embedder.embed(values, dates, BANDS, season="2019-01-01"), best)
    other = embedder.embed(values, dates, BANDS, season=np.datetime64("2018-01-01"))
    assert not np.allclose(other[3:], best[3:])
    for season in ("2019-02-01", "2021-01-01"):
        with pytest.raises(ValueError, match=r"\(01-01\) .* got 20.*: 2018-01-01, 2019-01-01"):
            embedder.embed(values, dates, BANDS, season=season)


def test_the_screening_may_be_another():
    network, strict = make_series_encoder(), ScreeningOptions(darkening=0.99, brightening=1e-4)
    usual, other = (
        SeriesEmbedder(network, each).embed(REFLECTANCE, DATES, BANDS) for each in (None, strict)
    )
    assert not np.allclose(usual, other, equal_nan=True)


@pytest.mark.parametrize(
    ("values", "dates", "bands", "message"),
    [
        (REFLECTANCE, DATES[1:], BANDS, r"39 dates x 4 bands .* got shape \(30, 40, 4\)"),
        (REFLECTANCE[0], DATES, BANDS, r"pixels x dates x bands, got shape \(40, 4\)"),
        (REFLECTANCE, DATES, ("B02", "B03", "B04", "B8A"), "expected bands B02, B04, B08, .*B08$"),
        (10_000 * REFLECTANCE, DATES, BANDS, "expected floats of 0..1, as float32"),
        (REFLECTANCE, None, BANDS, "dates and bands beside an array"),
    ],
)
def test_what_cannot_be_read_is_refused(embedder, values, dates, bands, message):
    with pytest.raises(ValueError, match=message):
        embedder.embed(values, dates, bands)


def test_no_pixel_has_no_embedding(embedder):
    assert embedder.embed(REFLECTANCE[:0], DATES, BANDS).shape == (0, embedder.embedding_size)


def test_an_array_of_xarray_keeps_its_axes_and_coordinates(embedder):
    xarray = pytest.importorskip("xarray")
    expected = embedder.embed(REFLECTANCE, DATES, BANDS)
    cube = xarray.DataArray(
        REFLECTANCE.reshape(5, 6, 40, 4),
        {
            "y": 10.0 * np.arange(5),
            "x": np.arange(6) + 0.5,
            "time": DATES.astype("datetime64[ns]"),
            "band": list(BANDS),
            "spatial_ref": 0,
            "cloudiness": ("time", np.zeros(40)),
        },
        ("y", "x", "time", "band"),
    ).transpose("time", "band", "y", "x")
    embedded = embedder.embed(cube)
    assert embedded.dims == ("y", "x", "embedding") and set(embedded.coords) == {
        "y", "x", "spatial_ref",
    }  # fmt: skip
    np.testing.assert_array_equal(embedded["x"], cube["x"])
    np.testing.assert_array_equal(embedded.values.reshape(30, -1), expected)
    pixels = cube.isel(y=0).rename(x="pixel")
    np.testing.assert_array_equal(embedder.embed(pixels).values, expected[:6])
    with pytest.raises(
        ValueError, match="expected axes time, band and at least one more, got time"
    ):
        embedder.embed(cube.isel(x=0, y=0))
    with pytest.raises(ValueError, match="the axis band has no coordinate"):
        embedder.embed(cube.drop_vars("band"))
    with pytest.raises(TypeError, match="to_dataarray"):
        embedder.embed(cube.to_dataset(dim="band"))
