import numpy as np
import pytest

from pimc.data.simulation.covers import COVERS, CROPS, TILES, VOID
from pimc.data.simulation.ground import UNCOVERED_SHARES, simulate_ground


@pytest.fixture(scope="module")
def grounds():
    return [
        simulate_ground(np.random.default_rng(seed), 96, TILES[seed % len(TILES)])
        for seed in range(24)
    ]


def test_parcels_have_one_class_and_background_has_none(grounds):
    for ground in grounds:
        np.testing.assert_array_equal(ground.labels == 0, ground.parcels == 0)
        for parcel in range(1, ground.parcels.max() + 1):
            where = ground.parcels == parcel
            assert len(np.unique(ground.labels[where])) == 1
            assert len(np.unique(ground.unit[where])) == 1


def test_labels_are_those_of_the_crops_that_grow(grounds):
    for ground in grounds:
        label = np.array([cover.label for cover in COVERS])[ground.cover][ground.unit]
        kept = ground.labels != VOID
        np.testing.assert_array_equal(ground.labels[kept], label[kept])


def test_void_parcels_touch_the_border(grounds):
    for ground in grounds:
        inner = ground.parcels[1:-1, 1:-1]
        for parcel in np.unique(ground.parcels[ground.labels == VOID]):
            assert (ground.parcels == parcel).sum() > (inner == parcel).sum()
    assert 0.01 < np.mean([(ground.labels == VOID).mean() for ground in grounds]) < 0.12


def test_uncovered_share_varies_as_in_pastis(grounds):
    shares = [(ground.parcels == 0).mean() for ground in grounds]
    low, high = UNCOVERED_SHARES
    assert min(shares) < low + 0.15
    assert max(shares) > high - 0.2
    assert max(shares) < high + 0.1


def test_background_is_a_mixture(grounds):
    names = {
        COVERS[ground.cover[unit]].name
        for ground in grounds
        for unit in np.unique(ground.unit)
        if ground.cover[unit] >= len(CROPS)
    }
    assert names >= {"wood", "hedge", "rough grass", "road", "roofs", "garden", "yard"}
