"""Dates in names: one is read, product names by their rule, several are an error."""

import pytest

from pimc.data.stack.dating import dates_in, find_date


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("S2_20210514", "2021-05-14"),
        ("openEO_2021-05-14Z", "2021-05-14"),
        ("SENTINEL2A_20210514-105621-123_L2A_T31TCJ_C_V2-2", "2021-05-14"),
        ("20210514105621_B04", "2021-05-14"),
        # sensing, then the product's own date
        ("S2A_MSIL2A_20180514T105621_N0500_R094_T31TCJ_20230801T135301", "2018-05-14"),
        ("S2B_MSIL1C_20180514T105621_R094_T31TCJ_20180516T135301", "2018-05-14"),
        # sensing, then processing
        ("20180514T105621_20180516T110034_T31TCJ", "2018-05-14"),
        ("2021-05-14-00:00_2021-05-14-23:59_Sentinel-2_L2A", "2021-05-14"),
        ("tile_20219999", None),
        ("tile_31TCJ", None),
    ],
)
def test_the_date_of_a_name(name, day):
    assert find_date(name) == day


@pytest.mark.parametrize(
    "name", ["proc20210111_T31TCJ_20210108T105621", "S2_2021-05-01_2021-05-31"]
)
def test_several_dates_are_an_error_that_names_the_option(name):
    with pytest.raises(ValueError, match=rf"{name} bears several dates .* by date_pattern in conf"):
        find_date(name)


def test_a_pattern_picks_one():
    name = "proc20210111_T31TCJ_20210108T105621"
    assert find_date(name, r"T31TCJ_(\d{8})") == "2021-01-08"
    assert find_date(name, r"proc(\d{4})(\d\d)(\d\d)") == "2021-01-11"
    assert find_date(name, r"x(\d{8})") is None
    assert dates_in(name, r"\d{8}") == ("2021-01-11", "2021-01-08")
    with pytest.raises(ValueError, match="several dates"):
        find_date(name, r"\d{8}")
