"""The principal components of embeddings, of pixels all over the places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pimc.mapping.ground import Embedder, Ground, Window, cut_windows

FITTED_ON = 8_192
"""Pixels, at least where there are so many."""

SIDE = 32
"""Of the windows that they are read in, pixels."""


def fit_components(
    grounds: Sequence[Ground], embedder: Embedder, dimensions: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Axes D x d and mean D, float32.

    Raises:
        ValueError: for more dimensions than the encoder has, or than pixels with data.
    """
    if dimensions > embedder.size:
        raise ValueError(
            f"mapping.dimensions must be at most the encoder's {embedder.size}, got {dimensions}"
        )
    rng = np.random.default_rng(seed)
    every = [
        (ground, window)
        for ground in grounds
        for window in cut_windows(ground.place.grid.shape, SIDE)
    ]
    found: list[np.ndarray] = []
    for number in rng.permutation(len(every)):
        ground, window = every[number]
        found.append(_embed(ground, window, embedder))
        if sum(map(len, found)) >= FITTED_ON:
            break
    values = np.concatenate(found)
    if len(values) <= dimensions:
        raise ValueError(
            f"{len(values)} pixels have an embedding: too few to find {dimensions} components"
        )
    return principal_axes(values, dimensions)


def principal_axes(values: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Directions of largest variance of N x D values, D x d, the largest first; and their mean."""
    mean = values.mean(axis=0, dtype=np.float64)
    centred = values - mean
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :dimensions]
    # a direction is as good as its opposite: the largest part is made positive
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(dimensions)])
    return axes.astype(np.float32), mean.astype(np.float32)


def _embed(ground: Ground, window: Window, embedder: Embedder) -> np.ndarray:
    values = embedder.embed(ground.series(window))
    known: np.ndarray = values[np.isfinite(values).all(axis=1)]
    return known
