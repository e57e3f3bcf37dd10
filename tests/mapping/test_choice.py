"""Which encoder maps some images."""

import logging

import numpy as np
import pytest
from cases.maps import TEN_BANDS, tiny_encoder, write_crops

from pimc.data.stack.scenes import StackOptions, stack_places
from pimc.mapping.choice import Candidate, choose_encoder
from pimc.mapping.source import PlaceSource
from pimc.model.shipped import load_shipped
from pimc.model.storage import encoder_digest
from pimc.signal.pixel_series import needed_bands

FOUR = ("B02", "B03", "B04", "B08")


def shipped(spectrum):
    return Candidate(spectrum, lambda: load_shipped(spectrum))


def refuse():
    pytest.fail("an encoder behind the one that fits is not read")


def test_bands_are_those_of_indices_and_of_the_screening():
    assert needed_bands(("NDVI",)) == ("B02", "B04", "B08")
    assert needed_bands(("NDMI", "NDVI")) == ("B02", "B04", "B08", "B11")


@pytest.mark.parametrize(
    ("bands", "expected"),
    [(TEN_BANDS, "ten_bands"), (FOUR, "four_bands"), (("B02", "B04", "B08"), "four_bands")],
)
def test_the_first_whose_bands_there_are_is_taken(bands, expected, caplog):
    caplog.set_level(logging.INFO)
    chosen = choose_encoder([shipped("ten_bands"), shipped("four_bands")], bands)
    assert chosen.name == expected and set(chosen.bands) <= set(bands)
    assert chosen.digest == encoder_digest(load_shipped(expected))
    assert not chosen.network.training
    assert f"mapping with {expected}: NDVI, EVI, SAVI" in caplog.text


def test_what_is_named_first_comes_first():
    own = tiny_encoder().train()
    chosen = choose_encoder([Candidate("own", lambda: own), Candidate("other", refuse)], TEN_BANDS)
    assert chosen.network is own and not own.training
    assert chosen.bands == ("B02", "B04", "B08")


def test_no_encoder_for_the_bands_is_told_with_what_each_lacks():
    with pytest.raises(
        ValueError,
        match=r"no encoder reads these images, which have B02, B08: ten_bands lacks B04, .*B12; "
        r"four_bands lacks B04; pretrain one on them",
    ):
        choose_encoder([shipped("ten_bands"), shipped("four_bands")], {"B08", "B02"})


def test_bands_of_places_are_those_that_all_have_or_can_stand_in_for(tmp_path):
    codes = np.zeros((6, 6), int)
    write_crops(tmp_path / "a", codes, bands=("B02", "B04", "B08", "B11"))
    write_crops(tmp_path / "b", codes, bands=("B02", "B03", "B04", "B8A", "B11"))
    source = PlaceSource(StackOptions(str(tmp_path), bands=TEN_BANDS), stack_places)
    assert source.bands() == {"B02", "B04", "B11"}
    write_crops(tmp_path / "a", codes, bands=("B02", "B04", "B8A"))
    assert source.bands() == {"B02", "B04", "B8A", "B08"}  # B8A stands in
    assert [place.bands for place in source.open(("B08", "B02"))] == [("B08", "B02")] * 2
