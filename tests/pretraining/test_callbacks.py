"""What a training says where there is no terminal."""

import logging
from types import SimpleNamespace

import pytest

from pimc.pretraining import callbacks
from pimc.pretraining.callbacks import EpochLines, describe_epoch
from pimc.pretraining.fitting import shows_bar
from pimc.pretraining.options import PretrainingOptions

ROW = {"epoch": 2, "train_loss": 2.5, "val_loss": 3.0, "recall_at_1": 0.125, "series_rank": 7.0}


def test_the_numbers_of_an_epoch():
    assert describe_epoch(ROW) == "loss 2.500, held out 3.000, recall@1 0.125"
    assert describe_epoch({"train_loss": 1.0}) == "loss 1.000"


def test_an_epoch_says_how_long_the_rest_takes_as_epochs_took_so_far(monkeypatch, caplog):
    clock = iter([100.0, 130.0])
    # not the clock of all: other threads of the tests read it
    monkeypatch.setattr(callbacks, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    lines = EpochLines(SimpleNamespace(rows=[ROW]))
    # resumed after one epoch; two more took 30 seconds, and two are left
    lines.on_train_start(SimpleNamespace(current_epoch=1), None)
    with caplog.at_level(logging.INFO, logger=callbacks.__name__):
        lines.on_validation_end(SimpleNamespace(current_epoch=2, max_epochs=5), None)
    assert caplog.messages == [
        "epoch 3 of 5: loss 2.500, held out 3.000, recall@1 0.125; 30 s left"
    ]


@pytest.mark.parametrize(
    ("terminal", "wanted", "shown"),
    [(True, True, True), (False, True, False), (True, False, False)],
)
def test_a_bar_is_shown_in_a_terminal_alone(monkeypatch, terminal, wanted, shown):
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    assert shows_bar(PretrainingOptions(progress_bar=wanted)) is shown
