from dataclasses import replace

import numpy as np
import pytest
from cases.synthetic import BANDS, make_pairs

from pimc.data.patch import FILL
from pimc.pretraining.batches.crops import band_statistics, gather_batch, gather_crops
from pimc.pretraining.batches.pairs import PairBatch


def test_crops_are_centred_on_their_pixel():
    frames = np.arange(2 * 3 * 20 * 22, dtype=np.int16).reshape(2, 3, 20, 22)
    row, col = np.array([4, 15, 9]), np.array([4, 17, 10])
    crops = gather_crops(frames, np.array([0, 1, 1]), row, col, 9)
    assert crops.shape == (3, 3, 9, 9)
    np.testing.assert_array_equal(crops[0], frames[0, :, :9, :9])
    np.testing.assert_array_equal(crops[1], frames[1, :, 11:20, 13:22])
    np.testing.assert_array_equal(crops[:, :, 4, 4], frames[[0, 1, 1], :, row, col])


def test_a_batch_takes_each_pixel_s_own_series_and_crop():
    data = make_pairs(3, 0)
    rows, frames = np.array([120, 3, 60]), np.array([[4, 5], [1, 0], [2, 2]])
    series, observed, crops = gather_batch(data, PairBatch(rows, frames), 15)
    assert crops.shape == (3, 2, 3, 15, 15)
    np.testing.assert_array_equal(series, data.index_series[rows])
    assert observed.all()
    pixels = data.pixels.iloc[rows]
    for date in range(2):
        centres = data.frames[frames[:, date], :, pixels["row"], pixels["col"]]
        np.testing.assert_array_equal(crops[:, date, :, 7, 7], centres)


def test_a_batch_of_series_alone_has_no_crops():
    data = make_pairs(1, 0).series_alone()
    series, _, crops = gather_batch(data, PairBatch(np.array([7, 2]), np.array([[-1], [-1]])), 15)
    np.testing.assert_array_equal(series, data.index_series[[7, 2]])
    assert crops is None


def test_observed_dates_are_those_of_the_rows():
    data = make_pairs(1, 0)
    observed = np.random.default_rng(0).random((len(data), 24)) < 0.5
    data = replace(data, observed=observed)
    batch = PairBatch(np.array([7, 2]), np.array([[0], [0]]))
    np.testing.assert_array_equal(gather_batch(data, batch, 15)[1], observed[[7, 2]])


def test_band_statistics_leave_missing_data_out():
    data = make_pairs(1, 0)
    frames = np.full((2, 2, 80, 80), 1000, dtype=np.int16)
    frames[:, 1, :, ::2], frames[:, 1, :, 1::2] = 2000, 4000
    frames[:, 0, ::3] = FILL
    frames[:, 0, 1::3] = 3000
    means, stds = band_statistics(
        replace(data, frames=frames), np.arange(len(data)), 15, ["B04", "B08"], seed=0
    )
    assert means == pytest.approx((0.2, 0.3), abs=4e-3)  # an odd side: one column more or less
    assert stds == pytest.approx((0.1, 0.1), abs=1e-3)


def test_bands_without_data_or_of_another_number():
    data = make_pairs(1, 0)
    rows = np.arange(len(data))
    with pytest.raises(ValueError, match=r"frames of 2 bands \(B04, B08\), got 3"):
        band_statistics(data, rows, 15, BANDS[:2], seed=0)
    frames = data.frames.copy()
    frames[:, 1] = FILL
    with pytest.raises(ValueError, match="band B08 has no data"):
        band_statistics(replace(data, frames=frames), rows, 15, BANDS, seed=0)
