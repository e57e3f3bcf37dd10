"""Names, stand-ins and values of a stack's bands."""

import numpy as np
import pytest

from pimc.data.patch import FILL
from pimc.data.stack.bands import band_name, name_bands, normalise, stand_ins


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("B2", "B02"),
        ("b02", "B02"),
        ("B02", "B02"),
        ("B12", "B12"),
        ("B8A", "B8A"),
        ("b8a", "B8A"),
        ("B08A", "B8A"),
        (" B8 ", "B08"),
        ("scl", "SCL"),
        ("", ""),
    ],
)
def test_spellings_of_bands(description, name):
    assert band_name(description) == name


def test_descriptions_come_before_the_given_list():
    assert name_bands(("B4", "b8a", None), ("B02", "B03", "B04"), "x.tif") == ("B04", "B8A", "")
    assert name_bands((None, None), ("b2", "SCL"), "x.tif") == ("B02", "SCL")
    assert name_bands(("Band 1", "Band 2"), ("b2", "SCL"), "x.tif") == ("B02", "SCL")


@pytest.mark.parametrize(
    ("descriptions", "given", "message"),
    [
        ((None, None), None, r"x.tif: its 2 bands have no descriptions .* band_names"),
        ((None, None), ("B02",), r"x.tif: band_names lists 1 bands \(B02\), but the file has 2"),
        (("B2", "B02"), None, r"x.tif: band B02 is there twice"),
    ],
)
def test_unnamed_bands_are_an_error(descriptions, given, message):
    with pytest.raises(ValueError, match=message):
        name_bands(descriptions, given, "x.tif")


def test_b8a_stands_in_for_b08_and_nothing_for_others():
    assert stand_ins(("B04", "B08"), ("B04", "B08", "B8A"), "rome") == {}
    assert stand_ins(("B04", "B08"), ("B04", "B8A"), "rome") == {"B08": "B8A"}
    with pytest.raises(ValueError, match=r"place rome: band B8A is missing; .*: B04, B08"):
        stand_ins(("B04", "B8A"), ("B04", "B08"), "rome")


def test_values_are_normalised():
    values = np.array([[0, 0, 900, 40_000, 65_535], [0, 1200, 7, 2000, 3000]], np.uint16)
    result = normalise(values, no_data=(None, 7), offset=-1000)
    assert result.dtype == np.int16
    assert result.tolist() == [[FILL, -1000, -100, 32_767, FILL], [FILL, 200, FILL, 1000, 2000]]


def test_values_below_int16_never_become_fill():
    values = np.array([[-32_500, FILL]], np.int16)
    assert normalise(values, no_data=(FILL,), offset=-1000).tolist() == [[FILL + 1, FILL]]
