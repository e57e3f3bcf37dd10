"""The module as a whole: what is alike is found over all processes, gradients are those of one."""

from dataclasses import replace

import pytest
import torch
from cases.synthetic import BANDS, CALENDAR, RECURRENCE, make_pairs
from torch import distributed, multiprocessing

from pimc.model.architecture import find_preset
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pretraining.batches.loader import Batch, load_batch
from pimc.pretraining.batches.pairs import PairSampler
from pimc.pretraining.module import ContrastiveModule
from pimc.pretraining.objective.likeness import SeriesScale
from pimc.pretraining.objective_options import ObjectiveOptions
from pimc.pretraining.options import BatchOptions, PretrainingOptions

COUNT = 8
PLAIN = PretrainingOptions(preset="tiny", batch=BatchOptions(size=COUNT, patches=3))
OBJECTIVE = ObjectiveOptions(series=0.0, negatives="exclude", near=0.6)


def build(objective):
    preset = find_preset("tiny")
    image = ImageEncoderConfig(preset.image, BANDS, (0.2,) * 3, (0.1,) * 3)
    series = SeriesEncoderConfig(preset.series, CALENDAR, RECURRENCE)
    torch.manual_seed(0)
    encoders = SeriesEncoder(series), ImageEncoder(image)
    options = replace(PLAIN, objective=objective)
    return ContrastiveModule(*encoders, options, SeriesScale((0.2, 0.1), (0.2, 0.15)))


def make_batch():
    data = make_pairs(3, 0)
    return load_batch(data, PairSampler(data, PLAIN.batch).epoch(0, 1)[0], 15)


def step(rows):
    """Value and gradients from some rows of the batch, as they are."""
    module, batch = build(OBJECTIVE), make_batch()
    part = Batch(*(None if each is None else each[rows] for each in batch))
    losses = module._losses(part, torch.Generator(), training=False)
    losses["pair"].backward()
    return [losses["pair"].detach(), *(weight.grad for weight in module.parameters())]


def worker(rank, path, results):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    half = slice(0, COUNT // 2) if rank == 0 else slice(COUNT // 2, COUNT)
    parts = step(half)
    for part in parts:  # what data-parallel training does with gradients
        distributed.all_reduce(part)
    results[rank] = [part.div(2).numpy() for part in parts]
    distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_learn_as_one_does(tmp_path):
    module, batch = build(OBJECTIVE), make_batch()
    alike = module._alike(batch)
    assert alike[: COUNT // 2, COUNT // 2 :].any()  # across the two halves
    assert 0 < alike.float().mean() < 0.9
    expected = step(slice(None))
    with multiprocessing.get_context("spawn").Manager() as manager:
        results = manager.dict()
        multiprocessing.spawn(worker, (str(tmp_path / "store"), results), nprocs=2)
        for rank in (0, 1):
            for found, part in zip(results[rank], expected, strict=True):
                torch.testing.assert_close(torch.from_numpy(found), part, rtol=1e-4, atol=1e-6)


def test_false_negatives_count_only_where_they_are_asked_for():
    batch = make_batch()
    twice = Batch(*(None if part is None else torch.cat([part, part]) for part in batch))
    plain, excluded = build(ObjectiveOptions()), build(ObjectiveOptions(negatives="exclude"))
    assert plain._alike(twice) is None
    own = torch.eye(COUNT, dtype=torch.bool)
    alike = excluded._alike(twice)
    assert (alike[:COUNT, COUNT:] & own).sum() == COUNT
    assert not excluded._alike(batch).diagonal().any()


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ({}, 0.2),
        ({"loss": "siglip"}, 0.1),
        ({"loss": "vicreg"}, None),
        ({"pair": 0, "series": 1}, 0.2),
        ({"pair": 0, "series": 0, "masked": 1}, None),
    ],
)
def test_temperature_is_that_of_a_loss_that_has_one(objective, expected):
    temperature = build(ObjectiveOptions(**objective)).temperature
    assert temperature == (None if expected is None else pytest.approx(expected))
