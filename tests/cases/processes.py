"""Processes below this one, as the system knows them."""

import os
import time
from pathlib import Path

WORKER = "pimc.pretraining.worker"


def descendants(parent=None):
    """Numbers and command lines of all processes below one, those that are gone and not waited for
    too."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            words = (stat.parent / "cmdline").read_bytes().decode().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(stat.parent.name)] = int(fields[1]), words
    found, last = {}, {parent or os.getpid()}
    while last:
        last = {number for number, (above, _) in parents.items() if above in last}
        found |= {number: parents[number][1] for number in last}
    return found


def workers(parent=None):
    """Processes that train, by their number among those that train together."""
    found = {}
    for number, words in descendants(parent).items():
        if WORKER in words and "--node" not in words:
            found[process_of(number)] = number
    return found


def left(parent=None):
    """Processes that train, or that are gone and nobody has waited for."""
    found = descendants(parent)
    return [number for number, words in found.items() if WORKER in words or not is_alive(number)]


def process_of(number):
    """What a process was told of its place."""
    environment = Path(f"/proc/{number}/environ").read_bytes().decode().split("\0")
    return int(dict(each.partition("=")[::2] for each in environment)["RANK"])


def is_alive(number):
    """Whether a process runs: one that is gone and not waited for does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(numbers, seconds):
    """Whether processes end within some seconds."""
    end = time.monotonic() + seconds
    while (left := [each for each in numbers if is_alive(each)]) and time.monotonic() < end:
        time.sleep(0.05)
    return not left
