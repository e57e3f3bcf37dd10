"""Pieces of work on two workers: stored there or carried back, lost workers, failures."""

import os
import signal
import time
from contextlib import contextmanager
from functools import partial

import pytest

from pimc.compute.cluster import open_client
from pimc.compute.mark import Mark, marking
from pimc.compute.options import ComputeOptions
from pimc.compute.pieces import Piece, PieceError
from pimc.compute.run import run_pieces

NOBODY = "tcp://127.0.0.1:9"


def store(folder, number, made):
    (folder / f"{number}.txt").write_text(str(made))
    return os.getpid()


def run(pieces, folder, scheduler):
    """What is told of each piece by its name."""
    told = {}

    @contextmanager
    def follow(name):
        yield partial(told.__setitem__, name)

    options = ComputeOptions(scheduler)
    if scheduler != NOBODY:
        with open_client(options) as client:  # one that another test has killed comes again
            client.wait_for_workers(2, timeout=60)
    run_pieces(pieces, options, folder, follow)
    return told


def squares(folder, count=6):
    return [
        Piece(f"patch {n}", partial(pow, n, 2), partial(store, folder, n)) for n in range(count)
    ]


def stored(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_workers_store_where_they_see_the_folder(tmp_path, scheduler):
    told = run(squares(tmp_path), tmp_path, scheduler)
    assert told.keys() == {f"patch {n}" for n in range(6)}
    assert os.getpid() not in told.values()
    assert stored(tmp_path) == {f"{n}.txt": str(n * n) for n in range(6)}


def test_workers_keep_nothing_of_a_run_that_is_over(tmp_path, scheduler):
    def held():
        from pimc.compute.worker import _open

        return _open.cache_info().currsize

    failing = Piece("patch 9", partial(divmod, 1, 0), partial(store, tmp_path, 9))
    run(squares(tmp_path), tmp_path, scheduler)
    with open_client(ComputeOptions(scheduler)) as client:
        assert set(client.run(held).values()) == {0}
        with pytest.raises(PieceError, match="patch 9"):
            run([failing], tmp_path, scheduler)
        assert set(client.run(held).values()) == {0}


def test_what_is_made_is_carried_back_where_they_do_not(tmp_path, scheduler, monkeypatch, caplog):
    caplog.set_level("INFO", "pimc")

    @contextmanager
    def of_another_machine(folder):
        yield Mark(folder / "nowhere", "secret")

    monkeypatch.setattr("pimc.compute.cluster.marking", of_another_machine)
    told = run(squares(tmp_path), tmp_path, scheduler)
    assert set(told.values()) == {os.getpid()}
    assert stored(tmp_path) == {f"{n}.txt": str(n * n) for n in range(6)}
    assert "2 of 2 workers do not see" in caplog.text


def test_a_folder_of_the_same_name_is_another_one(tmp_path):
    with marking(tmp_path) as mark:
        assert mark.is_seen()
        assert not Mark(mark.path, "another secret").is_seen()
    assert not mark.is_seen() and not list(tmp_path.iterdir())


def test_a_worker_that_is_killed_costs_nothing(tmp_path, scheduler):
    def kill_once(number, flag):
        if number == 2 and not flag.exists():
            flag.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number

    flag, folder = tmp_path / "killed", tmp_path / "out"
    pieces = [
        Piece(f"patch {n}", partial(kill_once, n, flag), partial(store, folder, n))
        for n in range(8)
    ]
    told = run(pieces, folder, scheduler)
    assert flag.exists() and len(told) == 8
    assert stored(folder) == {f"{n}.txt": str(n * n) for n in range(8)}


def test_a_failure_names_its_piece_and_what_others_made_stays(tmp_path, scheduler):
    def fail(folder):
        end = time.monotonic() + 20
        while not list(folder.glob("*.txt")) and time.monotonic() < end:
            time.sleep(0.01)  # another one is stored by then
        raise ValueError("no band B08")

    pieces = squares(tmp_path, 3)
    pieces.insert(1, Piece("patch 9", partial(fail, tmp_path), partial(store, tmp_path, 9)))
    with pytest.raises(PieceError, match=r"^patch 9: no band B08$") as told:
        run(pieces, tmp_path, scheduler)
    assert isinstance(told.value.__cause__, ValueError)
    left = stored(tmp_path)
    assert left and left.items() <= {f"{n}.txt": str(n * n) for n in range(3)}.items()


def test_nobody_at_an_address_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("pimc.compute.cluster.ANSWER", "0.2s")
    with pytest.raises(ConnectionError, match=r"no scheduler answers at tcp://127.0.0.1:9 .*dask"):
        run(squares(tmp_path), tmp_path, NOBODY)


def test_nothing_to_do_starts_nothing(tmp_path):
    assert run([], tmp_path, NOBODY) == {}
