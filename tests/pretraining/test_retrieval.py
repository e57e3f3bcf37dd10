import math

import numpy as np
import pytest
import torch
from sklearn.metrics import top_k_accuracy_score

from pimc.pretraining.retrieval import chances, effective_rank, own_ranks, recalls


def test_ranks_by_hand():
    answers = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.8, 0.6]])
    queries = torch.tensor([[2.0, 0.1], [1.0, 0.2], [1.0, 0.0]])
    # query 0 finds its own first; query 1 finds it last; query 2 after answer 0
    assert own_ranks(queries, answers).tolist() == [0, 2, 1]
    assert recalls(own_ranks(queries, answers)) == pytest.approx(
        {"recall_at_1": 1 / 3, "recall_at_5": 1.0}
    )


def test_recall_is_scikit_learn_s_top_k_accuracy():
    generator = torch.Generator().manual_seed(0)
    answers = torch.randn(40, 6, generator=generator)
    queries = answers + 1.2 * torch.randn(40, 6, generator=generator)
    unit = [side / side.norm(dim=1, keepdim=True) for side in (queries, answers)]
    scores = (unit[0] @ unit[1].T).numpy()
    ours = recalls(own_ranks(queries, answers))
    for k in (1, 5):
        expected = top_k_accuracy_score(np.arange(40), scores, k=k, labels=np.arange(40))
        assert ours[f"recall_at_{k}"] == pytest.approx(expected)


def test_equal_vectors_retrieve_nothing():
    same = torch.ones(10, 3)
    assert recalls(own_ranks(same, same)) == {"recall_at_1": 0.0, "recall_at_5": 0.0}


def test_random_vectors_retrieve_as_chance_says():
    generator = torch.Generator().manual_seed(0)
    found = [
        recalls(own_ranks(*torch.randn(2, 50, 8, generator=generator)))["recall_at_5"]
        for _ in range(100)
    ]
    assert np.mean(found) == pytest.approx(chances(50)["chance_at_5"], abs=0.01)
    assert chances(3) == pytest.approx({"chance_at_1": 1 / 3, "chance_at_5": 1.0})


def test_effective_rank_closed_forms():
    assert effective_rank(torch.eye(5)) == pytest.approx(5)
    assert effective_rank(torch.ones(6, 4)) == pytest.approx(1, abs=1e-4)
    assert effective_rank(torch.zeros(6, 4)) == 0
    # singular values 3 and 1: exp(-(3/4 ln 3/4 + 1/4 ln 1/4))
    expected = math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert effective_rank(torch.diag(torch.tensor([3.0, 1.0]))) == pytest.approx(expected)


def test_collapse_shows_through_noise():
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(256, 64, generator=generator)
    assert effective_rank(1 + 1e-3 * noise) < 2
    assert effective_rank(noise) > 55
