"""Ridge regression of forecasts where not everything was observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RidgeOptions:
    """Ridge regression of the residuals over a simple forecast.

    Attributes:
        bases: simple forecasts to choose from, of ``BASES``.
        penalty: L2 penalties to choose from, the same for all indices and leads.
    """

    bases: tuple[str, ...] = ("persistence", "climatology")
    penalty: tuple[float, ...] = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)


def fit_ridge(x: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    """Ridge regression of each column on the rows where it is known.

    Args:
        x: N x D float32.
        y: N x K, NaN where unknown.
        penalty: of the squared weights; the intercept has none.

    Returns:
        (1 + D) x K float32: intercept, then weights; 0 for a column that is nowhere known.
    """
    with_one = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    ridge = penalty * np.eye(with_one.shape[1])
    ridge[0, 0] = 0
    weights = np.zeros((with_one.shape[1], y.shape[1]), np.float32)
    for column in range(y.shape[1]):
        known = np.isfinite(y[:, column])
        if known.any():
            a, b = with_one[known], y[known, column]
            weights[:, column] = np.linalg.solve(a.T @ a + ridge, a.T @ b)
    return weights
