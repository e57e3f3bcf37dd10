"""A few held-out pairs as people look at them: each side, and how alike any two sides are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch.nn.functional import normalize

from pimc.pretraining.batches.crops import gather_batch
from pimc.pretraining.batches.pairs import PairBatch, PairData
from pimc.pretraining.galleries import Embedded, HeldOut

EXAMPLES = 64
"""Pairs that are looked at, at most: a gallery of its own, small enough to keep."""


@dataclass(frozen=True)
class RetrievalExamples:
    """Pairs of held-out ground, as many of one patch as of another.

    Attributes:
        series: N x I x L float32, on the calendar.
        crops: N x C x side x side int16, reflectance x 10,000, the first date of each; None where
            the objective has no images and two views of a series are its pair.
        similarity: N x N float32, cosine of the projections of series i and crop (or view) j.
    """

    series: np.ndarray
    crops: np.ndarray | None
    similarity: np.ndarray


def keep_examples(
    held_out: HeldOut, data: PairData, side: int, embed: Callable[[PairBatch], Embedded]
) -> RetrievalExamples:
    """The first pairs of the gallery across patches, which takes its patches in turn.

    Args:
        held_out: the galleries.
        data: held-out pixels and frames.
        side: of the crops.
        embed: makes the embeddings of pairs.
    """
    pairs = held_out.across.part(slice(EXAMPLES))
    series, _, crops = gather_batch(data, pairs, side)
    embedded = embed(pairs)
    ours, theirs = normalize(embedded.series_projection), normalize(embedded.other_projection)
    return RetrievalExamples(
        series, None if crops is None else crops[:, 0], (ours @ theirs.T).numpy()
    )
