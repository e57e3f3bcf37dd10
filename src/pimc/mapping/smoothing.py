"""Class probabilities drawn towards those of the neighbours, where a pixel is less sure than they.

Empirical Bayes on logits, as the R package sits smooths (Camara et al. 2024): the neighbours of a
class are normal with their own mean and variance, a pixel's logit is a measurement of that with a
given variance of noise, and what is believed afterwards is the mean of both by their weights.
"""

from __future__ import annotations

import numpy as np

LEAST = 1e-4
"""Probabilities are kept so far from 0 and 1: the map stores them to four digits."""


def smooth(probabilities: np.ndarray, side: int, noise: float) -> np.ndarray:
    """Smoothed probabilities; pixels without data neither give nor take.

    Args:
        probabilities: K x H x W float32, NaN for no data.
        side: pixels a side of the neighbourhood, odd.
        noise: variance of a logit that is taken as noise.

    Returns:
        K x H x W float32, of each pixel they sum to 1.
    """
    clipped = np.clip(probabilities, LEAST, 1 - LEAST)
    logits = np.log(clipped / (1 - clipped)).astype(np.float64)
    known = np.isfinite(logits[0])
    values = np.where(known, logits, 0.0)
    count = np.maximum(_window_sum(known.astype(np.float64)[None], side), 1)
    mean = _window_sum(values, side) / count
    variance = np.maximum(_window_sum(values**2, side) / count - mean**2, 0)
    believed = (noise * mean + variance * logits) / (noise + variance)
    shares = 1 / (1 + np.exp(-believed))
    total: np.ndarray = (shares / shares.sum(axis=0)).astype(np.float32)
    return total


def _window_sum(values: np.ndarray, side: int) -> np.ndarray:
    """Sum over side x side pixels around each: K x H x W; beyond the edge lies nothing."""
    from scipy.ndimage import uniform_filter

    total: np.ndarray = uniform_filter(values, (1, side, side), mode="constant") * side**2
    return total
