"""Retrieval within galleries of pairs, and the rank of embeddings."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize

RECALLS = (1, 5)
"""Recall is measured among so many first answers."""


def own_ranks(queries: Tensor, answers: Tensor) -> Tensor:
    """How many answers are at least as similar to each query as its own, itself left out.

    Ties count against the query: equal vectors everywhere are no retrieval.

    Args:
        queries: N x D float.
        answers: N x D float; row i is the own answer of query i.

    Returns:
        N int64, 0 where the own answer comes first.
    """
    similarity = normalize(queries.float()) @ normalize(answers.float()).T
    return (similarity >= similarity.diagonal()[:, None]).sum(dim=1) - 1


def recalls(ranks: Tensor) -> dict[str, float]:
    """Share of queries whose own answer is among the first 1 and 5."""
    return {f"recall_at_{k}": (ranks < k).float().mean().item() for k in RECALLS}


def chances(size: int) -> dict[str, float]:
    """The recalls of answers in random order, in a gallery of ``size``."""
    return {f"chance_at_{k}": min(k / size, 1.0) for k in RECALLS}


def effective_rank(embeddings: Tensor) -> float:
    """Exponential of the entropy of the singular values (Roy and Vetterli 2007).

    With p_k = sigma_k / sum sigma: exp(-sum p_k ln p_k), as a measure of collapse by Garrido et
    al. (2023, RankMe). Not centred: embeddings that collapse to one point, with whatever small
    noise around it, have a rank near 1.

    Args:
        embeddings: N x D float.

    Returns:
        1..min(N, D); 0 for embeddings that are all zero, NaN where one is not finite.
    """
    if not embeddings.isfinite().all():
        return math.nan
    values = torch.linalg.svdvals(embeddings.float())
    total = values.sum()
    if total == 0:
        return 0.0
    share = values[values > 0] / total
    return math.exp(-(share * share.log()).sum().item())
