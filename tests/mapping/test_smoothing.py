"""Class probabilities that neighbours draw: by hand, against a slow reference, and at borders."""

import numpy as np
import pytest

from pimc.mapping.smoothing import LEAST, smooth


def shares_of(logits):
    """One class against the rest: K = 2."""
    first = 1 / (1 + np.exp(-np.asarray(logits, float)))
    return np.stack([first, 1 - first]).astype(np.float32)


def slow_smooth(probabilities, side, noise):
    """Pixel by pixel: mean and variance of the logits of those neighbours that there are."""
    clipped = np.clip(np.float64(probabilities), LEAST, 1 - LEAST)
    logits = np.log(clipped / (1 - clipped))
    believed = np.full(logits.shape, np.nan)
    reach, (classes, rows, cols) = side // 2, logits.shape
    for k, row, col in np.ndindex(classes, rows, cols):
        own = logits[k, row, col]
        near = logits[
            k, max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1
        ]
        near = near[np.isfinite(near)]
        if np.isfinite(own):
            spread = near.var()
            believed[k, row, col] = (noise * near.mean() + spread * own) / (noise + spread)
    shares = 1 / (1 + np.exp(-believed))
    return shares / shares.sum(axis=0)


def test_three_pixels_by_hand():
    # around the middle: mean 1, variance 2 of the logits 0, 0, 3; at the left: mean 0, variance 0
    smoothed = smooth(shares_of([[0, 0, 3]]), 3, noise=2.0)
    middle = (2 * 1 + 2 * 0) / (2 + 2)
    right = (2 * 1.5 + 2.25 * 3) / (2 + 2.25)
    np.testing.assert_allclose(smoothed, shares_of([[0, middle, right]]), rtol=1e-5)


def test_pixels_without_data_neither_give_nor_take():
    shares = shares_of([[0, 9, 3]])
    shares[:, 0, 1] = np.nan
    smoothed = smooth(shares, 3, noise=2.0)
    # neither has a neighbour: their own mean, no variance
    np.testing.assert_allclose(smoothed[:, 0, [0, 2]], shares[:, 0, [0, 2]], rtol=1e-5)
    assert np.isnan(smoothed[:, 0, 1]).all()


@pytest.mark.parametrize("side", [3, 5])
def test_maps_are_those_of_the_slow_reference(side):
    rng = np.random.default_rng(0)
    probabilities = np.moveaxis(rng.dirichlet(np.ones(4) / 2, (9, 11)), 2, 0).astype(np.float32)
    probabilities[:, rng.random((9, 11)) < 0.15] = np.nan
    smoothed = smooth(probabilities, side, 20.0)
    assert smoothed.dtype == np.float32
    np.testing.assert_allclose(smoothed, slow_smooth(probabilities, side, 20.0), rtol=1e-4)
    known = np.isfinite(probabilities[0])
    np.testing.assert_allclose(smoothed.sum(axis=0)[known], 1, rtol=1e-6)
    assert (smoothed.argmax(axis=0) != probabilities.argmax(axis=0))[known].any()


def test_without_noise_nothing_changes():
    rng = np.random.default_rng(1)
    probabilities = np.moveaxis(rng.dirichlet(np.ones(3), (6, 7)), 2, 0).astype(np.float32)
    np.testing.assert_allclose(smooth(probabilities, 3, 1e-9), probabilities, atol=2e-4)


def test_with_all_noise_neighbours_alone_count():
    smoothed = smooth(shares_of([[0, 0, 3]]), 3, noise=1e9)
    np.testing.assert_allclose(smoothed, shares_of([[0, 1, 1.5]]), rtol=1e-5)
