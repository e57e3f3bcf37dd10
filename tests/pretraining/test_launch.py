"""Starting, following and ending processes; what they train is in test_processes."""

import logging
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from cases.processes import descendants, is_alive

from pimc.pretraining import launch
from pimc.pretraining.launch import commands, find_failures, hold_store, running
from pimc.pretraining.messages import Failure, Receiver, Sender, SentRecords, connect, report
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.worker import find_process

PLACE = Path("/somewhere/job")
SLEEP, FAIL, KILL = "sleep 60", "exit 3", "kill -9 $$"


@pytest.fixture(autouse=True)
def _a_short_grace(monkeypatch):
    """A shell does not hear that it should end."""
    monkeypatch.setattr(launch, "GRACE", 0.8)


def options(devices, nodes=1):
    return PretrainingOptions(devices=devices, nodes=nodes)


def shell(*lines):
    return [(["sh", "-c", line], dict(os.environ)) for line in lines]


def test_each_process_of_a_machine_has_a_number():
    started = commands(PLACE, options(4), {"PYTHONPATH": "/mine"})
    assert [environment["RANK"] for _, environment in started] == ["0", "1", "2", "3"]
    words, environment = started[0]
    assert words == [sys.executable, "-m", "pimc.pretraining.worker", str(PLACE)]
    assert environment["PYTHONPATH"].endswith(":/mine")
    assert environment["GLOO_SOCKET_IFNAME"] == "lo"
    assert [find_process(each) for _, each in started] == [0, 1, 2, 3]


def test_numbers_of_a_further_machine_go_on():
    started = commands(PLACE, options(4, 2), {}, node=1)
    assert [environment["RANK"] for _, environment in started] == ["4", "5", "6", "7"]
    assert "GLOO_SOCKET_IFNAME" not in started[0][1]


def test_cores_are_divided_but_for_what_the_user_says():
    cores = len(os.sched_getaffinity(0))
    assert commands(PLACE, options(2), {})[0][1]["OMP_NUM_THREADS"] == str(max(1, cores // 2))
    given = {"OMP_NUM_THREADS": "7"}
    assert commands(PLACE, options(2), given)[0][1]["OMP_NUM_THREADS"] == "7"


def test_within_a_slurm_job_all_machines_are_started_at_once():
    environment = {"SLURM_JOB_ID": "1", "SLURM_CPUS_PER_TASK": "8", "RANK": "0"}
    ((words, given),) = commands(PLACE, options(4, 2), environment)
    assert words[:7] == [
        "srun",
        "--nodes=2",
        "--ntasks=8",
        "--ntasks-per-node=4",
        "--distribution=block",
        "--kill-on-bad-exit=1",
        "--cpus-per-task=8",
    ]
    assert words[7:] == [sys.executable, "-m", "pimc.pretraining.worker", str(PLACE)]
    assert find_process({**given, "SLURM_PROCID": "5"}) == 5
    # one machine of it needs no srun
    assert len(commands(PLACE, options(4), environment)) == 4


def test_a_process_without_a_number_is_refused():
    with pytest.raises(ValueError, match="RANK or SLURM_PROCID"):
        find_process({})


def test_stores_never_share_a_port_and_one_machine_s_is_not_heard_outside():
    stores = [hold_store(1) for _ in range(3)]
    assert len({meeting for _, meeting in stores}) == 3
    assert all(host == "127.0.0.1" for _, (host, _) in stores)
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    for _, (_, port) in stores:
        (address,) = {
            line.split()[1] for line in listening.splitlines() if f":{port:04X} 0000" in line
        }
        assert address.startswith("0100007F")


def test_messages_come_in_order_and_metrics_to_the_last_digit(caplog):
    store, meeting = hold_store(1)
    sender, found = Sender(connect(meeting)), []
    receiver = Receiver(store, lambda *metrics: found.append(metrics))
    receiver.forward()
    sender.metrics({"loss": 0.1 + 0.2}, 1)
    sender.metrics({"loss": float("inf")}, 2)
    records = logging.getLogger("elsewhere")
    records.addHandler(handler := SentRecords(sender))
    records.warning("100 %% of %s", "it")
    records.removeHandler(handler)
    caplog.clear()
    receiver.forward()
    assert found == [({"loss": 0.1 + 0.2}, 1), ({"loss": float("inf")}, 2)]
    assert [(each.name, each.getMessage()) for each in caplog.records] == [
        ("elsewhere", "100 % of it")
    ]
    receiver.forward()
    assert len(found) == 2


@contextmanager
def followed(*lines):
    store, _ = hold_store(1)
    receiver = Receiver(store, lambda metrics, step: None)
    with running(shell(*lines), store) as processes:
        yield store, receiver, processes


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((SLEEP, FAIL), "process 1 of the 2 .* failed: status 3; the others were ended"),
        ((KILL, SLEEP), "process 0 of the 2 .* was ended by SIGKILL"),
        # the one that is gone, not the one that fails for it
        ((FAIL, f"sleep 0.2; {KILL}"), "process 1 of the 2 .* was ended by SIGKILL"),
    ],
)
def test_with_one_process_all_end(lines, told, monkeypatch):
    if lines[0] == FAIL:  # a busy machine starts the other late
        monkeypatch.setattr(launch, "GRACE", 12.0)
    start = time.monotonic()
    with (
        pytest.raises(RuntimeError, match=told),
        followed(*lines) as (_, receiver, processes),
    ):
        launch._follow(processes, receiver, Path("kept"), options(2))
    assert time.monotonic() - start < 10
    assert all(each.returncode is not None for each in processes)
    assert not {each.pid for each in processes} & descendants().keys()  # no zombies


def test_a_failure_that_is_told_ends_all_with_its_last_line(caplog):
    with (
        pytest.raises(RuntimeError, match=r"process 1 .* failed: ValueError: wrong; .* \(kept\)"),
        followed(SLEEP, SLEEP) as (store, receiver, processes),
    ):
        report(store, Failure(1, "Traceback\n  somewhere\nValueError: wrong\n"))
        launch._follow(processes, receiver, Path("kept"), options(2))
    assert "somewhere" in caplog.text


def test_an_interrupt_ends_all():
    with pytest.raises(KeyboardInterrupt), followed(SLEEP, SLEEP) as (_, _, processes):
        raise KeyboardInterrupt
    assert not any(is_alive(each.pid) for each in processes)


def test_all_that_end_well_are_let_be():
    with followed("exit 0", "sleep 0.3") as (_, receiver, processes):
        launch._follow(processes, receiver, Path("kept"), options(2))
        assert not find_failures(processes)
    assert not receiver.store.check(["stop"])
