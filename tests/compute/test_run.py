"""Pieces of work in this process."""

from contextlib import contextmanager

import pytest

from pimc.compute.options import ComputeOptions
from pimc.compute.pieces import Piece, PieceError
from pimc.compute.run import run_pieces

HERE = ComputeOptions()


def test_each_piece_is_made_stored_and_told_of_before_the_next_is_asked_for(tmp_path):
    seen = []

    @contextmanager
    def follow(name):
        seen.append(f"open {name}")
        yield lambda told: seen.append(f"told {told}")
        seen.append(f"close {name}")

    def pieces():
        for name in "ab":
            seen.append(f"asked {name}")
            yield Piece(name, lambda name=name: name.upper(), lambda made: f"stored {made}")

    run_pieces(pieces(), HERE, tmp_path, follow)
    assert seen == [
        "asked a", "open a", "told stored A", "close a",
        "asked b", "open b", "told stored B", "close b",
    ]  # fmt: skip


def test_a_piece_that_fails_is_named_with_its_cause(tmp_path):
    stored = []

    def fail():
        raise KeyError("B08")

    pieces = [
        Piece("patch 1", lambda: 1, stored.append),
        Piece("patch 2", fail, stored.append),
        Piece("patch 3", lambda: 3, stored.append),
    ]
    with pytest.raises(PieceError, match=r"^patch 2: 'B08'$") as told:
        run_pieces(pieces, HERE, tmp_path)
    assert isinstance(told.value.__cause__, KeyError)
    assert stored == [1]


def test_ctrl_c_is_no_failure_of_a_piece(tmp_path):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_pieces([Piece("patch 1", stop, print)], HERE, tmp_path)
