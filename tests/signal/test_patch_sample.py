import os
from dataclasses import replace

import numpy as np
import pytest

from pimc.data.patch import FILL, Patch
from pimc.signal.patch_sample import clearest_dates, sample_patch
from pimc.signal.sampling import SamplingOptions
from pimc.signal.screening import ScreeningOptions

BANDS = ("B02", "B04", "B08")


def make_patch(times=6, side=20, cloudy=(2,), **changes):
    """Dark blue, vegetated ground; bright blue on cloudy dates; each pixel tells its position."""
    cube = np.empty((times, 3, side, side), np.int16)
    cube[:, 0], cube[:, 1] = 300, 400
    cube[:, 2] = 3000 + np.arange(side * side).reshape(side, side)
    cube[list(cloudy), :2] = 5000
    dates = np.datetime64("2019-03-01") + 10 * np.arange(times)
    ground = {
        "folds": np.full((side, side), 2, np.uint8),
        "labels": np.arange(side * side).reshape(side, side) % 19,
        "parcels": np.full((side, side), 8, np.int32),
    }
    return Patch("p", cube, dates, BANDS, "place", **(ground | changes))


OPTIONS = SamplingOptions(pixels_per_patch=16, margin=3, frames_per_patch=4, seed=1)


def test_series_are_the_cube_at_the_sampled_pixels():
    patch = make_patch()
    sample = sample_patch(patch, OPTIONS, ScreeningOptions())
    rows, cols, fold, label, parcel = sample.pixels.T
    assert len(rows) == 16
    assert rows.min() >= 3 and rows.max() < 17
    for number in range(16):
        expected = patch.reflectance[:, :, rows[number], cols[number]]
        np.testing.assert_array_equal(sample.reflectance[number], expected)
    np.testing.assert_array_equal(label, patch.labels[rows, cols])
    assert set(fold) == {2} and set(parcel) == {8}
    assert sample.days[0] == (np.datetime64("2019-03-01") - np.datetime64("1970-01-01")).astype(int)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_mapped_file_gives_the_same_sample_in_either_order(tmp_path, order):
    patch = make_patch()
    np.save(tmp_path / "cube.npy", np.array(patch.reflectance, order=order))
    mapped = np.load(tmp_path / "cube.npy", mmap_mode="r")
    expected = sample_patch(patch, OPTIONS, ScreeningOptions())
    found = sample_patch(replace(patch, reflectance=mapped), OPTIONS, ScreeningOptions())
    np.testing.assert_array_equal(found.reflectance, expected.reflectance)
    np.testing.assert_array_equal(found.frames, expected.frames)


def test_a_file_that_was_cut_is_refused(tmp_path):
    patch = make_patch()
    np.save(tmp_path / "cube.npy", patch.reflectance)
    mapped = np.load(tmp_path / "cube.npy", mmap_mode="r")
    os.truncate(tmp_path / "cube.npy", (tmp_path / "cube.npy").stat().st_size - 2)
    with pytest.raises(ValueError, match=r"cube.npy ends in image 6 of 6"):
        sample_patch(replace(patch, reflectance=mapped), OPTIONS, ScreeningOptions())


def test_cloudy_dates_are_no_images():
    sample = sample_patch(make_patch(cloudy=(1, 3)), OPTIONS, ScreeningOptions())
    np.testing.assert_array_equal(sample.frame_acquisitions, [0, 2, 4, 5])
    np.testing.assert_array_equal(sample.frame_clear, np.ones(4))
    assert sample.frames.shape == (4, 3, 20, 20)


def test_what_the_mask_of_the_source_hides_is_missing():
    clear = np.ones((6, 20, 20), bool)
    clear[4] = False
    sample = sample_patch(make_patch(cloudy=(), clear=clear), OPTIONS, ScreeningOptions())
    assert (sample.reflectance[:, 4] == FILL).all()
    assert (sample.reflectance[:, :4] != FILL).all()
    assert 4 not in sample.frame_acquisitions


def test_the_draw_depends_on_seed_and_patch_alone():
    one, same = (sample_patch(make_patch(), OPTIONS, ScreeningOptions()) for _ in range(2))
    np.testing.assert_array_equal(one.pixels, same.pixels)
    other_seed = SamplingOptions(pixels_per_patch=16, margin=3, frames_per_patch=4, seed=2)
    other = sample_patch(make_patch(), other_seed, ScreeningOptions())
    assert not np.array_equal(one.pixels, other.pixels)


def test_unlabelled_ground():
    patch = make_patch(labels=None, parcels=None)
    pixels = sample_patch(patch, OPTIONS, ScreeningOptions()).pixels
    assert set(pixels[:, 3]) == {-1} and set(pixels[:, 4]) == {0}


def test_unused_ground_is_never_sampled():
    folds = np.full((20, 20), 1, np.uint8)
    folds[:, 10:] = 0
    pixels = sample_patch(make_patch(folds=folds), OPTIONS, ScreeningOptions()).pixels
    assert pixels[:, 1].max() < 10


def test_a_patch_without_usable_ground_gives_no_pixels_and_no_images():
    folds = np.zeros((20, 20), np.uint8)
    sample = sample_patch(make_patch(folds=folds), OPTIONS, ScreeningOptions())
    assert sample.reflectance.shape == (0, 6, 3)
    assert len(sample.frames) == 0


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ([1, 1, 1, 1, 1, 0], [0, 2, 4]),  # many good ones: spread over the season
        ([0.2, 0.9, 0.1, 0.99, 0.5, 0.0], [1, 3, 4]),  # few good ones: the best three
        ([0.5, 0.4], [0, 1]),  # fewer than asked for
    ],
)
def test_clearest_dates(share, expected):
    np.testing.assert_array_equal(clearest_dates(np.array(share, float), 3), expected)


def sparse(**changes):
    """A patch in which two fields of six pixels have labels, one of them at the edge."""
    labels, parcels = np.full((20, 20), -1, np.int16), np.zeros((20, 20), np.int32)
    labels[0, :6], parcels[0, :6] = 1, 4
    labels[10:12, 8:11], parcels[10:12, 8:11] = 0, 7
    return make_patch(labels=labels, parcels=parcels, **changes)


def test_all_labelled_pixels_are_sampled_beside_those_drawn():
    drawn = sample_patch(make_patch(), OPTIONS, ScreeningOptions())
    sample = sample_patch(sparse(), OPTIONS, ScreeningOptions())
    np.testing.assert_array_equal(sample.pixels[:16, :2], drawn.pixels[:, :2])
    assert len({tuple(each) for each in sample.pixels[:, :2]}) == len(sample.pixels)
    fold, label, parcel = sample.pixels[:, 2:].T
    assert [(label == code).sum() for code in (0, 1)] == [6, 6]
    assert set(parcel[label == 1]) == {4} and set(parcel[label == 0]) == {7} and set(fold) == {2}
    # pixels of the edge too: their series is whole
    assert set(sample.pixels[label == 1, 0]) == {0}
    row, col = sample.pixels[-1, :2]
    expected = sparse().reflectance[:, :, row, col]
    np.testing.assert_array_equal(sample.reflectance[-1], expected)


def test_labelled_pixels_of_no_fold_are_left_out():
    folds = np.full((20, 20), 2, np.uint8)
    folds[:, :9] = 0
    label = sample_patch(sparse(folds=folds), OPTIONS, ScreeningOptions()).pixels[:, 3]
    assert (label == 0).sum() == 4 and (label == 1).sum() == 0


def test_pixels_that_were_drawn_judge_which_dates_are_clear():
    patch = sparse(cloudy=())
    cube = patch.reflectance.copy()
    cube[1, :2, 0, :6] = cube[1, :2, 10:12, 8:11] = 5000  # cloud over the fields alone
    labelled = sample_patch(replace(patch, reflectance=cube), OPTIONS, ScreeningOptions())
    drawn = sample_patch(replace(make_patch(), reflectance=cube), OPTIONS, ScreeningOptions())
    np.testing.assert_array_equal(labelled.frame_clear, drawn.frame_clear)
    # where gaps leave nothing to draw from, the labelled ones do
    folds = np.zeros((20, 20), np.uint8)
    folds[0, :6] = 5
    alone = sample_patch(replace(patch, folds=folds), OPTIONS, ScreeningOptions())
    assert len(alone.pixels) == 6 and (alone.frame_clear == 1).all()
