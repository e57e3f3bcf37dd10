from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cases.synthetic import make_pairs

from pimc.pretraining.batches.pairs import PairData, PairSampler, usable_rows
from pimc.pretraining.options import BatchOptions


def ground(patches, side, count, parcels=0, places=None, seed=0):
    """Pixels drawn over patches that lie side by side in their place; one frame a patch."""
    rng = np.random.default_rng(seed)
    patch = np.repeat(np.arange(patches), count)
    row, col = rng.integers(7, side - 7, (2, patches * count))
    pixels = pd.DataFrame({"patch_index": patch, "row": row, "col": col})
    pixels["patch"] = patch.astype(str)
    pixels["place"] = "here" if places is None else [f"place {p % places}" for p in patch]
    pixels["y"], pixels["x"] = row, col + side * patch
    pixels["parcel"] = rng.integers(0, parcels + 1, len(pixels))
    frames = np.zeros((patches, 1, side, side), dtype=np.int16)
    series = np.zeros((len(pixels), 1, 4), dtype=np.float32)
    return PairData(series, pixels, frames, patch[:, None].astype(np.int32))


def nearest(data, batch):
    """Smallest Chebyshev distance within a batch, pixels of other places left out."""
    pixels = data.pixels.iloc[batch.rows]
    y, x = pixels["y"].to_numpy(), pixels["x"].to_numpy()
    distance = np.maximum(np.abs(y[:, None] - y), np.abs(x[:, None] - x))
    place = pixels["place"].to_numpy()
    return distance[(place[:, None] == place) & ~np.eye(len(y), dtype=bool)].min()


def test_batches_hold_several_far_pixels_of_several_patches():
    data = ground(patches=20, side=128, count=300)
    for batch in PairSampler(data, BatchOptions(size=128, patches=8, crop_side=15)).epoch(0, 10):
        patches = data.pixels["patch_index"].to_numpy()[batch.rows]
        counts = np.unique(patches, return_counts=True)[1]
        assert len(batch) == 128
        assert len(counts) == 8
        assert counts.min() >= 10
        assert nearest(data, batch) >= 15


def test_neighbouring_patches_of_a_place_keep_their_distance():
    # patches of 24 pixels side by side: 15 apart is possible only across their borders
    data = ground(patches=40, side=24, count=60)
    options = BatchOptions(size=16, patches=16)
    near = [nearest(data, batch) for batch in PairSampler(data, options).epoch(0, 20)]
    assert min(near) >= 13
    assert np.mean(np.array(near) >= 15) > 0.5


def test_places_do_not_push_each_other_apart():
    # the same coordinates in 16 places: each gives one pixel, all at distance 0 if confused
    data = ground(patches=16, side=24, count=1, places=16)
    data.pixels["x"] = data.pixels["y"] = 9
    batch = PairSampler(data, BatchOptions(size=16, patches=16)).epoch(0, 1)[0]
    assert sorted(batch.rows) == list(range(16))


def test_one_small_scene_is_spread_as_far_as_it_goes():
    data = ground(patches=1, side=64, count=400)
    sampler = PairSampler(data, BatchOptions(size=64, patches=8))
    for batch in sampler.epoch(0, 5):
        # 64 pixels of 50 x 50: a perfect lattice leaves 7
        assert len(batch) == 64
        assert nearest(data, batch) >= 4


def test_never_two_pixels_of_one_parcel():
    data = ground(patches=6, side=64, count=200, parcels=9)
    for batch in PairSampler(data, BatchOptions(size=64, patches=6)).epoch(0, 10):
        pixels = data.pixels.iloc[batch.rows]
        known = pixels[pixels["parcel"] > 0]
        assert not known.duplicated(["patch_index", "parcel"]).any()
        # parcel 3 of one patch is not parcel 3 of another
        assert known["parcel"].duplicated().any()


def test_a_batch_short_of_parcels_is_short():
    data = ground(patches=2, side=64, count=100, parcels=5)
    data.pixels["parcel"] = data.pixels["parcel"].clip(lower=1)
    sampler = PairSampler(data, BatchOptions(size=32, patches=2))
    assert {len(batch) for batch in sampler.epoch(0, 5)} == {10}


def test_an_epoch_depends_on_the_seed_and_its_number_alone():
    data, options = make_pairs(6, 0), BatchOptions(size=16, patches=3)

    def rows(seed, epoch):
        sampler = PairSampler(data, replace(options, seed=seed))
        sampler.epoch(5, 3)  # what was drawn before leaves no trace
        return [batch.rows.tolist() + batch.frames.tolist() for batch in sampler.epoch(epoch, 4)]

    assert rows(0, 1) == rows(0, 1)
    assert rows(0, 1) != rows(0, 2)
    assert rows(0, 1) != rows(1, 1)


def test_dates_are_drawn_from_the_clear_ones():
    data = make_pairs(4, 0)
    choices = data.frame_choices.copy()
    choices[::2] = np.array([[3, -1, -1]])
    data = replace(data, frame_choices=choices)
    drawn = [set() for _ in range(len(data))]
    for epoch in range(30):
        for batch in PairSampler(data, BatchOptions(size=16, patches=3)).epoch(epoch, 4):
            for row, frame in zip(batch.rows, batch.frames, strict=True):
                drawn[row].update(frame.tolist())
    assert all(frames <= {3} for frames in drawn[::2])
    assert all(
        frames <= set(row[:2]) for frames, row in zip(drawn[1::2], choices[1::2], strict=True)
    )
    assert any(len(frames) == 2 for frames in drawn)


def test_crops_of_several_dates_are_spread_over_the_clear_ones():
    data = ground(patches=4, side=64, count=50)
    # eight images a patch, of which every other pixel is clear in the first two alone
    patch = data.pixels["patch_index"].to_numpy()
    choices = (8 * patch[:, None] + np.arange(8)).astype(np.int32)
    choices[::2, 2:] = -1
    frames = np.zeros((32, 1, 64, 64), np.int16)
    data = replace(data, frame_choices=choices, frames=frames)
    options = BatchOptions(size=16, patches=4, crops=4)
    for batch in PairSampler(data, options).epoch(0, 5):
        assert batch.frames.shape == (len(batch), 4)
        dates = batch.frames - 8 * patch[batch.rows, None]
        many = batch.rows % 2 == 1
        assert (dates[many] // 2 == np.arange(4)).all()
        assert (dates[~many] == [0, 0, 1, 1]).all()


def test_series_alone_are_drawn_from_anywhere_but_never_twice_or_from_one_parcel():
    data = ground(patches=30, side=20, count=5, parcels=3).series_alone()
    assert not data.has_images
    assert usable_rows(data, 99).tolist() == list(range(150))
    for batch in PairSampler(data, BatchOptions(size=64, patches=30)).epoch(0, 10):
        pixels = data.pixels.iloc[batch.rows]
        assert len(batch) > 50
        assert pixels["patch_index"].nunique() > 25
        assert not pixels.duplicated(["y", "x"]).any()
        known = pixels[pixels["parcel"] > 0]
        assert not known.duplicated(["patch_index", "parcel"]).any()
        assert (batch.frames == -1).all()


@pytest.mark.parametrize("images", [True, False])
def test_seasons_of_one_pixel_never_share_a_batch(images):
    data = ground(patches=4, side=128, count=40)
    rows = np.repeat(np.arange(len(data)), 3)  # three seasons of each
    data = PairData(
        data.index_series[rows],
        data.pixels.iloc[rows].reset_index(drop=True),
        data.frames,
        data.frame_choices[rows],
    )
    assert (data.pixels["parcel"] == 0).all()  # no parcel that could part them
    data = data if images else data.series_alone()
    sampler = PairSampler(data, BatchOptions(size=64, patches=4))
    drawn = [*sampler.epoch(0, 10), sampler.gallery(64, np.random.default_rng(0))]
    seasons = set()
    for batch in drawn:
        assert len(set(batch.rows // 3)) == len(batch) > 20
        seasons |= set(batch.rows % 3)
        if images:
            assert nearest(data, batch) >= 1
    assert seasons == {0, 1, 2}


def test_ground_numbers_parcels_over_patches_and_keeps_places_apart():
    data = ground(patches=2, side=64, count=2, places=2)
    pixels = data.pixels.assign(parcel=[1, 1, 1, 0], y=[3, 5, 4, 9], x=[0, 1, 2, 3])
    parcel, y, x = replace(data, pixels=pixels).ground.T
    assert parcel[0] == parcel[1] >= 0
    assert parcel[2] not in (parcel[0], -1)
    assert parcel[3] < 0
    assert y[1] - y[0] == 2
    assert y[2] - y[1] > 5_000
    assert x.tolist() == [0, 1, 2, 3]


def test_every_pixel_is_drawn():
    data = make_pairs(4, 0)
    sampler = PairSampler(data, BatchOptions(size=16, patches=3))
    seen = {row for epoch in range(40) for batch in sampler.epoch(epoch, 10) for row in batch.rows}
    assert seen == set(range(len(data)))


def test_a_gallery_is_spread_evenly_over_the_patches():
    data = ground(patches=10, side=128, count=100)
    gallery = PairSampler(data, BatchOptions(size=128, patches=8, crop_side=15)).gallery(
        64, np.random.default_rng(0)
    )
    counts = data.pixels["patch_index"].iloc[gallery.rows].value_counts()
    assert len(gallery) == 64
    assert set(counts) <= {5, 6, 7}  # one where a pixel across a patch border is too near
    assert nearest(data, gallery) >= 15


def test_a_gallery_takes_all_pixels_where_there_are_few():
    data = ground(patches=2, side=64, count=20)
    data = replace(data, pixels=data.pixels.assign(y=np.arange(40), x=0))
    gallery = PairSampler(data, BatchOptions(size=128, patches=8, crop_side=15)).gallery(
        64, np.random.default_rng(0)
    )
    assert sorted(gallery.rows) == list(range(40))


def test_pixels_without_a_whole_crop_or_a_clear_frame_form_no_pair():
    data = ground(patches=1, side=32, count=6)
    pixels = data.pixels.assign(row=[7, 6, 24, 25, 10, 10], col=[7, 10, 24, 10, 10, 6])
    choices = np.array([[0], [0], [0], [0], [-1], [0]], dtype=np.int32)
    data = replace(data, pixels=pixels, frame_choices=choices)
    assert usable_rows(data, 15).tolist() == [0, 2]
    with pytest.raises(ValueError, match="crops of 33 x 33 pixels do not fit in frames of 32 x 32"):
        usable_rows(data, 33)


def test_parts_that_do_not_fit_together():
    data = make_pairs(1, 0)
    with pytest.raises(ValueError, match="lack the columns place, parcel"):
        replace(data, pixels=data.pixels.drop(columns=["place", "parcel"]))
    with pytest.raises(ValueError, match=r"frame_choices must have a row for each of 50 .* got 3"):
        replace(data, frame_choices=data.frame_choices[:3])
    with pytest.raises(ValueError, match="name frame 9, but there are 2"):
        replace(data, frame_choices=np.full_like(data.frame_choices, 9))
    with pytest.raises(ValueError, match=r"pixels x indices x dates, got \(50, 2\)"):
        replace(data, index_series=data.index_series[..., 0])
