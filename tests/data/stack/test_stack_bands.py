"""Names and stand-ins of a stack's bands."""

import pytest

from pimc.data.stack.bands import band_name, name_bands, split_name, stand_ins


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
        ("blue", "B02"),
        ("Red", "B04"),
        ("rededge", "B05"),
        ("red_edge_2", "B06"),
        ("nir", "B08"),
        ("nir08", "B8A"),
        ("swir16", "B11"),
        ("SWIR 2", "B12"),
        ("dataMask", "DATAMASK"),
        ("B04_20m", "B04"),
        ("B4, central wavelength 665 nm", "B04"),
        ("MSK_CLDPRB", "CLOUD_PROBABILITY"),
        ("B13", "B13"),
    ],
)
def test_spellings_of_bands(description, name):
    assert band_name(description) == name


@pytest.mark.parametrize(
    ("description", "parts"),
    [
        ("0_B4", ("0", "B04")),
        (
            "20210514T105621_20210514T110034_T31TCJ_B8A",
            ("20210514T105621_20210514T110034_T31TCJ", "B8A"),
        ),
        ("2021-05-14_nir_08", ("2021-05-14", "B8A")),
        ("B4_20210514", ("20210514", "B04")),
        ("T31TCJ_20210514T105621_B04_10m", ("T31TCJ_20210514T105621", "B04")),
        (
            "2021-05-14-00:00_2021-05-14-23:59_Sentinel-2_L2A_B04_(Raw)",
            ("2021-05-14-00:00_2021-05-14-23:59_Sentinel-2_L2A", "B04"),
        ),
        ("landcover", ("", "LANDCOVER")),
    ],
)
def test_what_stands_before_the_band(description, parts):
    assert split_name(description) == parts


def test_the_given_list_names_what_descriptions_do_not():
    assert name_bands((None, None), ("b2", "SCL"), "x.tif") == ("B02", "SCL")
    assert name_bands(("Band 1", "Band 2"), ("b2", "SCL"), "x.tif") == ("B02", "SCL")
    assert name_bands(("B4", "b8a", None), ("B04", "nir08", "SCL"), "x.tif") == (
        "B04",
        "B8A",
        "SCL",
    )


def test_numbers_in_file_order_are_no_names():
    numbered = tuple(f"b{n}" for n in range(1, 5))
    given = ("B02", "B03", "B04", "B08")
    assert name_bands(numbered, given, "x.tif") == given
    assert name_bands((*numbered, "SCL"), (*given, "SCL"), "x.tif") == (*given, "SCL")
    with pytest.raises(ValueError, match=r"'b1', 'b2', 'b3', 'b4', which is their order"):
        name_bands(numbered, None, "x.tif")
    assert name_bands(("B01", "B02"), None, "x.tif") == ("B01", "B02")
    with pytest.raises(ValueError, match=r"'B01', .* 'B09', which is their order"):
        name_bands([f"B{n:02d}" for n in range(1, 10)], None, "x.tif")
    product = (*(f"B{n}" for n in range(1, 9)), "B8A", "B9", "B11", "B12")
    assert name_bands(product, None, "x.tif")[7:10] == ("B08", "B8A", "B09")
    assert name_bands(("B2", "B3", "B4", "B8"), None, "x.tif") == given


@pytest.mark.parametrize(
    ("descriptions", "given", "message"),
    [
        ((None, None), None, r"x.tif: its 2 bands have no descriptions .* band_names"),
        ((None, None), ("B02",), r"x.tif: band_names lists 1 bands \(B02\), but the file has 2"),
        (("foo", "bar"), None, r"x.tif: its 2 bands are described as 'foo', 'bar', none of which"),
        (("B4", "B8"), ("B08", "B04"), r"x.tif: band 1 is B08 by band_names, but .* B04; correct"),
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
