from dataclasses import replace

import numpy as np
import pytest
from cases.synthetic import BANDS, make_pairs

from pimc.data.patch import FILL
from pimc.pretraining.batches.crops import band_statistics, gather_batch, gather_crops
from pimc.pretraining.batches.pairs import PairBatch
from pimc.signal.sharded_array import ShardedArray


def test_crops_are_centred_on_their_pixel():
    frames = np.arange(2 * 3 * 20 * 22, dtype=np.int16).reshape(2, 3, 20, 22)
    row, col = np.array([4, 15, 9]), np.array([4, 17, 10])
    crops = gather_crops(frames, np.array([0, 1, 1]), row, col, 9)
    assert crops.shape == (3, 3, 9, 9)
    np.testing.assert_array_equal(crops[0], frames[0, :, :9, :9])
    np.testing.assert_array_equal(crops[1], frames[1, :, 11:20, 13:22])
    np.testing.assert_array_equal(crops[:, :, 4, 4], frames[[0, 1, 1], :, row, col])


class OneByOne:
    """Frames that are neither an array nor shards."""

    def __init__(self, frames):
        self.frames = frames

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, frame):
        return self.frames[frame]


def sliced(frames, batch, row, col, side):
    """The slow way: each crop a slice of its frame."""
    half = side // 2
    crops = [
        np.asarray(frames[frame])[:, y - half : y + half + 1, x - half : x + half + 1]
        for frame, y, x in zip(batch, row, col, strict=True)
    ]
    return np.stack(crops)


@pytest.mark.parametrize("side", [1, 5, 15])
def test_crops_are_slices_of_their_frames_wherever_these_lie(tmp_path, side):
    rng = np.random.default_rng(0)
    shards = []
    for number, count in enumerate((3, 1, 4)):
        path = tmp_path / f"{number}.npy"
        np.save(path, rng.integers(FILL, 32_767, (count, 3, 20, 22), dtype=np.int16))
        shards.append(np.load(path, mmap_mode="r"))
    sharded = ShardedArray(shards)
    batch = np.array([7, 0, 3, 3, 2, 6, 0])
    row = rng.integers(side // 2, 20 - side // 2, len(batch))
    col = rng.integers(side // 2, 22 - side // 2, len(batch))
    # the corners that a frame has
    row[:2], col[:2] = (side // 2, 19 - side // 2), (side // 2, 21 - side // 2)
    expected = sliced(sharded, batch, row, col, side)
    whole = sharded[:]
    padded = ShardedArray([*shards, np.zeros((1, 3, 18, 22), np.int16)], FILL)
    apart = np.repeat(whole, 2, axis=3)[..., ::2]  # not contiguous
    for frames in (sharded, whole, apart, OneByOne(whole), padded):
        found = gather_crops(frames, batch, row, col, side)
        assert found.dtype == np.int16
        np.testing.assert_array_equal(found, expected)
    none = np.empty(0, np.int64)
    assert gather_crops(sharded, none, none, none, side).shape == (0, 3, side, side)


@pytest.mark.parametrize(
    ("frame", "row", "col", "said"),
    [
        (2, 10, 10, r"each frame in 0\.\.1, got 2\.\.2"),
        (-1, 10, 10, r"each frame in 0\.\.1, got -1"),
        (0, 1, 10, "row of a crop's corner"),
        (0, 18, 10, "row of a crop's corner"),
        (0, 10, 1, "column of a crop's corner"),
        (0, 10, 20, "column of a crop's corner"),
    ],
)
def test_crops_that_leave_their_frame_are_refused(frame, row, col, said):
    frames = np.zeros((2, 3, 20, 22), np.int16)
    with pytest.raises(ValueError, match=said):
        gather_crops(frames, np.array([frame]), np.array([row]), np.array([col]), 5)


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
