import pytest
import torch
from torch import Generator

from pimc.training.shares import WHOLE, Share, ShareGenerator, integers, normal, this_share, uniform

SEED = 7


def test_shares_are_parts_of_one_length_and_in_order():
    parts = [Share(process, 3).of(13) for process in range(3)]
    assert parts == [slice(0, 4), slice(4, 8), slice(8, 12)]
    assert Share(0, 3).whole(13) == 12
    assert WHOLE.of(13) == slice(0, 13) and WHOLE.whole(13) == 13
    assert this_share() == WHOLE


@pytest.mark.parametrize(
    "draw",
    [
        lambda generator, rows: uniform((rows, 5), generator),
        lambda generator, rows: normal((rows, 1, 3), generator),
        lambda generator, rows: integers(0, 8, (rows,), generator),
        lambda generator, rows: normal((2, rows, 1), generator, axis=1).transpose(0, 1),
    ],
)
def test_shares_of_the_numbers_are_those_of_the_whole_batch(draw):
    whole = Generator().manual_seed(SEED)
    expected = [draw(whole, 12), draw(whole, 12)]
    shares = [ShareGenerator("cpu", Share(process, 3)).manual_seed(SEED) for process in range(3)]
    # the second draw too: each process goes on where the whole batch does
    for numbers in expected:
        assert torch.equal(torch.cat([draw(share, 4) for share in shares]), numbers)


def test_a_generator_of_the_whole_draws_as_torch_s_own():
    generator = ShareGenerator("cpu", WHOLE).manual_seed(SEED)
    own = torch.rand(6, 2, generator=Generator().manual_seed(SEED))
    assert torch.equal(uniform((6, 2), generator), own)
