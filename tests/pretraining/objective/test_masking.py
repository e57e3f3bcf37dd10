import pytest
import torch

from pimc.pretraining.objective.masking import draw_hidden
from pimc.pretraining.objective_options import MaskOptions


def draw(observed, seed=0, **options):
    return draw_hidden(observed, MaskOptions(**options), torch.Generator().manual_seed(seed))


def test_single_dates_are_hidden_at_their_share():
    observed = torch.rand(400, 30) < 0.6
    hidden = draw(observed, share=0.3, block=0)
    assert not (hidden & ~observed).any()
    assert (hidden.sum() / observed.sum()).item() == pytest.approx(0.3, abs=0.02)


def test_a_block_is_in_one_piece_and_lies_anywhere():
    hidden = draw(torch.ones(500, 20, dtype=torch.bool), share=0, block=0.25)
    assert (hidden.sum(dim=1) == 5).all()
    assert (hidden.int().diff(dim=1).abs().sum(dim=1) <= 2).all()
    assert set(hidden.int().argmax(dim=1).tolist()) == set(range(16))


def test_something_is_always_left_to_see():
    observed = torch.zeros(200, 10, dtype=torch.bool)
    observed[:100, 4] = True  # hidden alone, it would leave nothing
    observed[100:, [2, 7]] = True
    hidden = draw(observed, share=0.7, block=0.5)
    assert not hidden[:100].any()
    assert (hidden.sum(dim=1) <= 1).all()
    assert hidden[100:].any()


def test_draws_come_from_the_generator_alone():
    observed = torch.ones(9, 20, dtype=torch.bool)
    assert torch.equal(draw(observed, 1), draw(observed, 1))
    assert not torch.equal(draw(observed, 1), draw(observed, 2))
