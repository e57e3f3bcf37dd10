import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pimc.data.patch import FILL
from pimc.training.augment import (
    augment_crops,
    augment_observed,
    augment_series,
    fill_linearly,
    resample,
    to_reflectance,
)
from pimc.training.augment_options import CropAugmentation, SeriesAugmentation

NO_CROP = CropAugmentation(turns=False, gain=0, band_gain=0, noise=0, band_dropout=0)
NO_SERIES = SeriesAugmentation(level=0, masking=0, shift=0, stretch=0)


ONE, TWO = torch.ones(1), torch.ones(2)  # standard deviations of one and of two indices


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_reflectance_and_missing_data():
    crops = torch.tensor([[2500, FILL, -40]], dtype=torch.int16)
    torch.testing.assert_close(
        to_reflectance(crops), torch.tensor([[0.25, torch.nan, -0.004]]), equal_nan=True
    )


def test_switched_off_nothing_changes():
    crops, series = torch.rand(3, 2, 9, 9), torch.rand(3, 2, 12)
    torch.testing.assert_close(augment_crops(crops, NO_CROP, generator()), crops)
    observed = torch.ones(3, 12, dtype=torch.bool)
    torch.testing.assert_close(
        augment_series(series, observed, NO_SERIES, generator(), TWO), series
    )


def test_input_is_not_changed():
    crops, series = torch.rand(3, 2, 9, 9), torch.rand(3, 2, 12)
    before = crops.clone(), series.clone()
    augment_crops(crops, CropAugmentation(), generator())
    observed = torch.ones(3, 12, dtype=torch.bool)
    augment_series(series, observed, SeriesAugmentation(), generator(), TWO)
    assert torch.equal(crops, before[0])
    assert torch.equal(series, before[1])


def test_turns_are_the_eight_symmetries_around_the_centre():
    one = torch.arange(2 * 25.0).reshape(2, 5, 5)
    turned = augment_crops(
        one.expand(400, 2, 5, 5), CropAugmentation(True, 0, 0, 0, 0), generator()
    )
    expected = [one.rot90(k, (1, 2)) for k in range(4)]
    expected += [each.flip(2) for each in expected]
    counts = [sum(torch.equal(crop, each) for crop in turned) for each in expected]
    assert sum(counts) == 400
    assert min(counts) > 25
    assert torch.equal(turned[:, :, 2, 2], one[:, 2, 2].expand(400, 2))


def test_gains_are_common_to_a_crop_or_a_band():
    ones = torch.ones(2000, 3, 5, 5)
    gain = augment_crops(ones, CropAugmentation(False, 0.2, 0, 0, 0), generator()).log()
    torch.testing.assert_close(gain, gain[:, :1, :1, :1].expand_as(gain))
    assert gain[:, 0, 0, 0].std().item() == pytest.approx(0.2, rel=0.1)
    by_band = augment_crops(ones, CropAugmentation(False, 0, 0.1, 0, 0), generator()).log()
    torch.testing.assert_close(by_band, by_band[..., :1, :1].expand_as(by_band))
    assert by_band[:, 0].std().item() == pytest.approx(0.1, rel=0.1)
    assert abs(np.corrcoef(by_band[:, 0, 0, 0], by_band[:, 1, 0, 0])[0, 1]) < 0.1


def test_noise_and_band_dropout():
    zeros = torch.zeros(500, 4, 5, 5)
    noisy = augment_crops(zeros, CropAugmentation(False, 0, 0, 0.02, 0), generator())
    assert torch.equal(noisy, noisy[:, :1].expand_as(noisy))
    assert noisy.std().item() == pytest.approx(0.02, rel=0.05)
    dropped = augment_crops(zeros, CropAugmentation(False, 0, 0, 0, 0.3), generator()).isnan()
    assert torch.equal(dropped, dropped[..., :1, :1].expand_as(dropped))
    assert dropped.float().mean().item() == pytest.approx(0.3, abs=0.05)


def test_missing_data_stays_missing():
    crops = torch.rand(8, 2, 9, 9)
    crops[:, 1, 4, 4] = torch.nan
    changed = augment_crops(crops, CropAugmentation(band_dropout=0), generator())
    assert torch.equal(changed.isnan(), crops.isnan())


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 14))
def test_filling_is_numpy_s_interpolation(seed, length):
    rng = np.random.default_rng(seed)
    series = rng.normal(size=(4, 2, length)).astype(np.float32)
    kept = rng.random((4, length)) < 0.5
    kept[:, rng.integers(length)] = True
    filled = fill_linearly(torch.from_numpy(series), torch.from_numpy(kept))
    steps = np.arange(length)
    expected = [
        [np.interp(steps, steps[where], row[where]) for row in rows]
        for rows, where in zip(series, kept, strict=True)
    ]
    np.testing.assert_allclose(filled, expected, rtol=1e-4, atol=1e-5)


def test_a_series_of_which_all_is_hidden_stays():
    series = torch.rand(1, 2, 5)
    assert torch.equal(fill_linearly(series, torch.zeros(1, 5, dtype=torch.bool)), series)


def test_hidden_points_do_not_leak():
    # only observed points are kept: points filled from a hidden one must not stand in for it
    series = torch.zeros(200, 1, 9)
    series[..., 3:6] = torch.tensor([0.5, 1.0, 0.5])
    observed = torch.zeros(200, 9, dtype=torch.bool)
    observed[:, [0, 2, 4, 6, 8]] = True
    changed = augment_series(series, observed, SeriesAugmentation(0, 0.5, 0, 0), generator(), ONE)
    peaks = changed.amax(dim=(1, 2))
    assert ((peaks == 0) | (peaks == 1)).all()
    assert 40 < (peaks == 0).sum() < 160


def test_hidden_dates_count_as_not_observed():
    series, observed = torch.rand(50, 1, 20), torch.rand(50, 20) < 0.7
    changed, left = augment_observed(
        series, observed, SeriesAugmentation(0, 0.5, 0, 0), generator(), ONE
    )
    assert not (left & ~observed).any()
    assert left.sum() / observed.sum() == pytest.approx(0.5, abs=0.06)
    assert torch.equal(changed[:, 0][left], series[:, 0][left])


def test_what_is_observed_moves_with_the_series():
    series, observed = torch.arange(20.0).expand(100, 1, 20), torch.zeros(100, 20, dtype=bool)
    observed[:, 10] = True
    moved, left = augment_observed(
        series, observed, SeriesAugmentation(0, 0, 3, 0), generator(), ONE
    )
    assert (left.sum(dim=1) == 1).all()
    assert (moved[:, 0][left] - 10).abs().max() <= 0.5 + 1e-4
    assert set((left.int().argmax(dim=1) - 10).tolist()) >= {-2, 0, 2}


def test_resampling_is_numpy_s_interpolation():
    rng = np.random.default_rng(0)
    series, times = rng.normal(size=(3, 2, 9)), rng.uniform(-2, 10, (3, 9))
    moved = resample(torch.from_numpy(series), torch.from_numpy(times))
    expected = [
        [np.interp(when, np.arange(9), row) for row in rows]
        for rows, when in zip(series, times, strict=True)
    ]
    np.testing.assert_allclose(moved, expected)


def test_shift_and_stretch_stay_within_their_limits():
    ramp = torch.arange(21.0).expand(500, 1, 21)
    observed = torch.ones(500, 21, dtype=torch.bool)
    shifted = augment_series(ramp, observed, SeriesAugmentation(0, 0, 2, 0), generator(), ONE)
    moved = (shifted - ramp)[:, 0, 5:-5]
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), atol=1e-5, rtol=0)
    assert 1.8 < moved.abs().max() <= 2.001
    stretched = augment_series(ramp, observed, SeriesAugmentation(0, 0, 0, 0.1), generator(), ONE)
    slope = stretched[:, 0, 11] - stretched[:, 0, 10]
    torch.testing.assert_close(stretched[:, 0, 10], torch.full((500,), 10.0))
    assert 0.9 <= slope.min() < 0.92
    assert 1.08 < slope.max() <= 1.1001


def test_level_is_one_offset_of_each_index_in_its_deviations():
    series = torch.rand(1000, 2, 7)
    observed = torch.ones(1000, 7, dtype=torch.bool)
    spread = torch.tensor([0.25, 0.01])
    options = SeriesAugmentation(0.2, 0, 0, 0)
    offset = augment_series(series, observed, options, generator(), spread) - series
    torch.testing.assert_close(offset, offset[..., :1].expand_as(offset), atol=1e-6, rtol=0)
    assert offset[:, 0].std().item() == pytest.approx(0.05, rel=0.1)
    assert offset[:, 1].std().item() == pytest.approx(0.002, rel=0.1)


def test_draws_come_from_the_generator_alone():
    crops, series = torch.rand(4, 3, 9, 9), torch.rand(4, 2, 12)
    observed = torch.ones(4, 12, dtype=torch.bool)
    for change in (
        lambda seed: augment_crops(crops, CropAugmentation(band_dropout=0), generator(seed)),
        lambda seed: augment_series(series, observed, SeriesAugmentation(), generator(seed), TWO),
    ):
        assert torch.equal(change(1), change(1))
        assert not torch.equal(change(1), change(2))


def test_crops_are_turned_as_trainings_have_drawn_them_so_far():
    # encoders hang on it: rotations by 0 to 3 quarters, then the transposes of these
    crops = torch.arange(9.0).reshape(1, 1, 3, 3).repeat(64, 1, 1, 1)
    options = CropAugmentation(gain=0, band_gain=0, noise=0, band_dropout=0)
    turned = augment_crops(crops, options, torch.Generator().manual_seed(0))
    drawn = torch.randint(8, (64,), generator=torch.Generator().manual_seed(0)).tolist()
    for number, crop, was in zip(drawn, turned[:, 0], crops[:, 0], strict=True):
        rotated = was.rot90(number % 4)
        assert torch.equal(crop, rotated if number < 4 else rotated.T)
