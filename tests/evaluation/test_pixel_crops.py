from dataclasses import replace

import numpy as np
import pytest
from cases.synthetic import BANDS, make_pairs

from pimc.data.patch import FILL, REFLECTANCE_SCALE
from pimc.evaluation.pixel_crops import PixelCrops, cut_crops
from pimc.pretraining.batches.pairs import NO_FRAME

DATA = make_pairs(3, 0)
SIDE = 9
NOWHERE, AT_THE_EDGE = 5, 11


def make_crops():
    """Pixel 5 is clear in no frame, the crop of pixel 11 is not whole, pixel 20 has one date."""
    choices, pixels = DATA.frame_choices.copy(), DATA.pixels.copy()
    choices[NOWHERE] = NO_FRAME
    choices[20] = [choices[20, 1], NO_FRAME, NO_FRAME]
    pixels.loc[AT_THE_EDGE, "row"] = SIDE // 2 - 1
    return PixelCrops(replace(DATA, frame_choices=choices, pixels=pixels), SIDE, BANDS)


def slow(crops, row):
    """Crops of one pixel by their definition."""
    pixel, half = crops.data.pixels.iloc[row], SIDE // 2
    top, left = pixel["row"] - half, pixel["col"] - half
    return [
        crops.data.frames[frame][:, top : top + SIDE, left : left + SIDE]
        for frame in crops.data.frame_choices[row]
        if frame != NO_FRAME
    ]


def test_crops_are_those_of_all_clear_dates_in_their_order():
    crops = make_crops()
    rows = np.array([20, 3, 40, 120])
    images, counts = crops.gather(rows)
    expected = [slow(crops, row) for row in rows]
    assert counts.tolist() == [1, 2, 2, 2] == [len(each) for each in expected]
    np.testing.assert_array_equal(images, np.concatenate(expected))


@pytest.mark.parametrize("row", [NOWHERE, AT_THE_EDGE])
def test_a_pixel_without_a_clear_frame_or_a_whole_crop_gets_one_without_data(row, caplog):
    caplog.set_level("INFO")
    crops = make_crops()
    images, counts = crops.gather(np.array([3, row, 4]))
    assert counts.tolist() == [2, 1, 2]
    assert (images[2] == FILL).all()
    np.testing.assert_array_equal(images[3:], slow(crops, 4))
    assert "2 of 150 pixels have no image in which they are clear" in caplog.text
    assert crops.gather(np.array([row]))[0].shape == (1, 3, SIDE, SIDE)


def test_statistics_are_of_the_crops_that_there_are():
    crops = make_crops()
    rows = np.array([NOWHERE, 30, 20])
    mean, std = crops.statistics(rows)
    (only,) = slow(crops, 20)
    values = [np.stack([only, each])[:, 0] / REFLECTANCE_SCALE for each in slow(crops, 30)]
    assert any(np.isclose(mean[0], each.mean()) for each in values)
    assert any(np.isclose(std[0], each.std()) for each in values)


def test_the_digest_knows_what_is_read():
    crops = make_crops()
    choices = crops.data.frame_choices.copy()
    choices[7, 1] = NO_FRAME
    moved = crops.data.pixels.assign(col=crops.data.pixels["col"] + 1)
    brighter = np.asarray(crops.data.frames) + np.int16(1)
    other = [
        PixelCrops(crops.data, SIDE + 2, BANDS),
        PixelCrops(crops.data, SIDE, BANDS[::-1]),
        *(
            replace(crops, data=replace(crops.data, **changed))
            for changed in ({"frame_choices": choices}, {"pixels": moved}, {"frames": brighter})
        ),
    ]
    digests = {crops.digest, *(each.digest for each in other)}
    assert len(digests) == 6 and make_crops().digest == crops.digest


def test_there_are_none_without_images():
    assert cut_crops(DATA.series_alone(), SIDE, ()) is None
    assert cut_crops(DATA, SIDE, list(BANDS)).bands == BANDS
