import datetime

import numpy as np
import pandas as pd
import pytest

from pimc.data.given import (
    given_bands,
    given_days,
    pick_bands,
    reflectance_scale,
    store_reflectance,
)
from pimc.data.patch import FILL

GROUND = np.random.default_rng(0).uniform(0.01, 0.5, (20, 5, 4))


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (GROUND, 1),
        (np.where(GROUND > 0.3, np.nan, GROUND).astype(np.float32), 1),
        (np.where(GROUND > 0.4, -9999, GROUND), 1),
        ((10_000 * GROUND).astype(np.int16), 10_000),
        (np.where(GROUND > 0.3, 65535, 10_000 * GROUND).astype(np.uint16), 10_000),
        (np.full((3, 5, 4), FILL, np.int16), 10_000),  # nothing to judge by
        (np.full((3, 5, 4), np.nan), 1),
    ],
)
def test_the_type_tells_the_unit(values, scale):
    assert reflectance_scale(values, "here") == scale


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (10_000 * GROUND, r"here: expected floats of 0..1, .* as of integers x 10,000"),
        (100 * GROUND, "here: its values look like percent"),
        (255 * GROUND, "here: "),
        ((255 * GROUND).astype(np.uint8), "got uint8, a picture whose unit is lost"),
        (np.ones((3, 5, 4), np.int16), "expected integers x 10,000, .* as of floats of 0..1"),
        (GROUND > 0.1, "got bool"),
    ],
)
def test_another_unit_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        reflectance_scale(values, "here")


def test_reflectance_is_stored_and_what_is_none_becomes_fill():
    floats = np.array([0.1, 1.5, np.nan, -0.01, -0.6, 3.3, np.inf])
    assert store_reflectance(floats, 1).tolist() == [1000, 15000, FILL, -100, FILL, FILL, FILL]
    integers = np.array([1000, 0, 65535, 32767, 12], np.uint16)
    assert store_reflectance(integers, 10_000).tolist() == [1000, 0, FILL, FILL, 12]
    assert store_reflectance(np.array([FILL, -9999], np.int16), 10_000).tolist() == [FILL, FILL]


def test_dates_in_any_form_are_the_same_days():
    texts = ["2019-03-02", "2019-01-31"]
    forms = [
        texts,
        np.array(texts, "datetime64[ns]"),
        [datetime.datetime.fromisoformat(text) for text in texts],
        [datetime.date.fromisoformat(text) for text in texts],
        pd.to_datetime(texts),
        [20190302, 20190131],
    ]
    assert {tuple(given_days(form, "here")) for form in forms} == {(17957, 17927)}
    with pytest.raises(ValueError, match="here: dates must lie between 1972-07-23"):
        given_days(["1950-01-01"], "here")
    with pytest.raises(ValueError, match="here: dates must be ISO dates"):
        given_days(["yesterday"], "here")


def test_bands_by_any_name_in_any_order():
    bands = given_bands(["blue", "b4", "B8A", "SCL"], "here")
    assert bands == ("B02", "B04", "B8A", "SCL")
    assert pick_bands(bands, ("B04", "B02"), "it") == [1, 0]
    with pytest.raises(ValueError, match=r"it: expected bands B08, B04, .* supply B08"):
        pick_bands(bands, ("B08", "B04"), "it")
    with pytest.raises(ValueError, match="got B02 twice"):
        given_bands(["blue", "B2"], "here")
