import numpy as np
import pytest
from scipy import ndimage

from pimc.data.simulation.landscape import (
    GAP,
    choose_uncovered,
    cut_parcels,
    smooth_noise,
)


def test_smooth_noise_is_bilinear_between_its_nodes():
    size, cell = 20, 6.0
    noise = smooth_noise(np.random.default_rng(3), 2, size, cell)
    again = np.random.default_rng(3)
    lattice = again.standard_normal((2, 6, 6), dtype=np.float32)
    at = [np.arange(size) / cell + shift for shift in again.random(2)]
    grid = np.meshgrid(*at, indexing="ij")
    for field, nodes in zip(noise, lattice, strict=True):
        slow = ndimage.map_coordinates(nodes.astype(float), grid, order=1)
        np.testing.assert_allclose(field, slow, atol=1e-5)


def test_parcels_are_numbered_without_holes_and_counted():
    parcels = cut_parcels(np.random.default_rng(0), 96, 0.3)
    inside = np.bincount(parcels.unit[parcels.unit >= 0])
    np.testing.assert_array_equal(inside, parcels.inside)
    assert parcels.unit.shape == (96, 96)
    assert parcels.unit.min() == GAP
    assert (parcels.inside >= 1).all()
    assert (parcels.whole >= parcels.inside).all()
    # the border cuts some
    assert (parcels.whole > parcels.inside).any()


def test_parcels_are_in_one_piece():
    parcels = cut_parcels(np.random.default_rng(1), 96, 0.3)
    pieces = [
        ndimage.label(parcels.unit == number, np.ones((3, 3)))[1]
        for number in range(len(parcels.inside))
    ]
    # a bent line may cut a corner off
    assert np.mean(np.array(pieces) == 1) > 0.95


def test_more_openness_leaves_more_gaps():
    gaps = [
        np.mean([(cut_parcels(np.random.default_rng(s), 64, open_).unit == GAP).mean()
                 for s in range(5)])
        for open_ in (0.0, 0.8)
    ]  # fmt: skip
    assert 0.01 < gaps[0] < gaps[1] < 0.2


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_uncovered_ground_has_the_share_asked_for_and_lies_together(share):
    shares, edges, random_edges = [], [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        parcels = cut_parcels(rng, 96, share)
        uncovered = choose_uncovered(rng, parcels, share)
        mask = np.append(uncovered, True)[parcels.unit]
        shares.append(mask.mean())
        edges.append((mask[1:] != mask[:-1]).mean())
        scattered = np.append(rng.permutation(uncovered), True)[parcels.unit]
        random_edges.append((scattered[1:] != scattered[:-1]).mean())
    assert np.mean(shares) == pytest.approx(share, abs=0.03)
    assert np.mean(edges) < np.mean(random_edges)


def test_parcels_are_as_many_and_as_large_as_pastis_has_them():
    """Nine released maps (tile t30uxv, 128 x 128) have 46 to 131 parcels, medians 47 to 156 px."""
    counts, medians, larger = [], [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        parcels = cut_parcels(rng, 128, 0.35)
        sizes = parcels.inside[~choose_uncovered(rng, parcels, 0.35)]
        counts.append(len(sizes))
        medians.append(np.median(sizes))
        larger.append(np.percentile(sizes, 90))
    assert 75 < np.median(counts) < 130
    assert 60 < np.median(medians) < 110
    # there, 115 to 572
    assert 150 < np.median(larger) < 350
