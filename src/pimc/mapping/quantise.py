"""Embeddings in eight bits: each pixel's own scale, so that angles between pixels stay."""

from __future__ import annotations

import numpy as np

LARGEST = 127
NO_CODE = -128
"""Stored where a pixel has no embedding."""

FORMULA = "embedding = code * scale; scale = max(abs(embedding)) / 127 of each pixel; NaN: no data"


def quantise(embedding: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and scales.

    Args:
        embedding: P x D float32, NaN in all dimensions where a pixel has none.

    Returns:
        P x D int8, -127..127, ``NO_CODE`` where there is no embedding; and P float32, NaN there.
        An embedding of zeros has scale 0.
    """
    scale = (np.abs(embedding).max(axis=1) / LARGEST).astype(np.float32)
    divisor = np.where(scale > 0, scale, np.float32(1))[:, None]
    known = np.isfinite(scale)
    codes = np.full(embedding.shape, NO_CODE, np.int8)
    codes[known] = np.rint(embedding[known] / divisor[known]).astype(np.int8)
    return codes, scale


def dequantise(codes: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Back from ``quantise``, to half a scale in each dimension: P x D float32, NaN for none."""
    embedding: np.ndarray = codes.astype(np.float32) * scale[:, None]
    return embedding
