"""A batch split over two processes gives the loss and the gradients of one process."""

import pytest
import torch
from torch import distributed, multiprocessing, nn

from pimc.model.losses.build import build_loss
from pimc.model.losses.gather import gather_rows

LOSSES = [("infonce", True, None), ("infonce", False, "alike"), ("infonce", True, "alike")]
LOSSES += [("siglip", False, None), ("siglip", False, "alike"), ("siglip", True, "alike")]
LOSSES += [("vicreg", False, None)]
COUNT = 8


def inputs():
    first, second = torch.randn(2, COUNT, 6, generator=torch.Generator().manual_seed(0))
    alike = torch.zeros(COUNT, COUNT, dtype=torch.bool)
    # pairs of one half and across the halves
    alike[[0, 2, 1, 6], [2, 0, 6, 1]] = True
    return first, second, alike


def step(case, rows):
    """Value and gradients, of weights and loss, from some rows of the batch."""
    name, soft, marked = case
    first, second, alike = inputs()
    torch.manual_seed(1)
    head, loss = nn.Linear(6, 4), build_loss(name, 0.3, soft)
    sides = (gather_rows(head(side[rows])) for side in (first, second))
    value = loss(*sides, alike if marked else None)
    value.backward()
    weights = [*head.parameters(), *loss.parameters()]
    return [value.detach(), *(weight.grad for weight in weights)]


def worker(rank, path, results):
    distributed.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    half = slice(0, COUNT // 2) if rank == 0 else slice(COUNT // 2, COUNT)
    found = []
    for case in LOSSES:
        parts = step(case, half)
        for part in parts:  # what data-parallel training does with gradients
            distributed.all_reduce(part)
        found.append([part.div(2).tolist() for part in parts])
    results[rank] = found
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    path = tmp_path_factory.mktemp("gather") / "store"
    with multiprocessing.get_context("spawn").Manager() as manager:
        results = manager.dict()
        multiprocessing.spawn(worker, (str(path), results), nprocs=2)
        yield dict(results)


@pytest.mark.parametrize("case", range(len(LOSSES)), ids=lambda case: str(LOSSES[case]))
def test_two_processes_learn_as_one_does(two_processes, case):
    expected = step(LOSSES[case], slice(None))
    for rank in (0, 1):
        for found, part in zip(two_processes[rank][case], expected, strict=True):
            torch.testing.assert_close(torch.tensor(found), part, rtol=1e-5, atol=1e-6)


def test_the_rows_of_one_process_are_its_own():
    rows = torch.rand(3, 2)
    assert gather_rows(rows) is rows
