"""A sample of mutants of signal, model and evaluation: which of them do tests find?

    git worktree add --detach ../mutants && cd ../mutants
    python .ci/mutants.py [COUNT] [SEED] [SECONDS]

mutmut 3.8.1 makes the mutants in ``mutants/`` and finds which tests reach each (``[tool.mutmut]``
of pyproject.toml). A third of the sample is of each room. Each mutant is run in a fork of a process
that has imported all, against the tests that reach it, the quickest first, until one fails.
"""

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOMS = ("evaluation", "model", "signal")
FIRST = "pimc.signal.chunks*"
"""Mutants of one short file, run by mutmut itself, which makes all others and its statistics."""

WORTH = 60
"""Seconds of tests of a mutant; slower ones are left out where quick ones take so long."""


def draw(names: list[str], count: int, seed: int) -> list[str]:
    """Names of mutants, of each room alike, in random order."""
    rng, sample = random.Random(seed), []
    for room in ROOMS:
        sample += rng.sample([n for n in names if n.split(".")[1] == room], count // len(ROOMS))
    rng.shuffle(sample)
    return sample


def reach(name: str, statistics: dict[str, dict]) -> list[str]:
    """Tests that reach a mutant, the quickest first."""
    seconds = statistics["duration_by_test"]
    found = statistics["tests_by_mangled_function_name"].get(name.rpartition("__mutmut_")[0], ())
    chosen, total = [], 0.0
    for test in sorted(found, key=lambda each: seconds.get(each, 0)):
        total += seconds.get(test, 0)
        if chosen and total > WORTH:
            break
        chosen.append(test)
    return chosen


def run(name: str, tests: list[str]) -> str:
    """What becomes of a mutant, in a process of its own."""
    import pytest

    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (WORTH, WORTH + 5))
        os.environ["MUTANT_UNDER_TEST"] = name
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os._exit(int(pytest.main(["-n0", "-xq", "-p", "no:cacheprovider", "--rootdir=.", *tests])))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        return "timeout"
    return "killed" if code else "survived"  # 4: its tests could not even be collected


def main(count: int = 300, seed: int = 0, seconds: float = 3600) -> None:
    """Make all mutants, run some, tell what became of them."""
    given = "from mutmut.__main__ import cli; cli()"
    subprocess.run([sys.executable, "-c", given, "run", "--max-children=1", FIRST], check=True)
    os.chdir("mutants")
    sys.path[:0] = ["src", "tests"]
    statistics = json.loads(Path("mutmut-stats.json").read_text())
    metas = sorted(Path("src").rglob("*.meta"))
    names = sorted(
        name for meta in metas for name in json.loads(meta.read_text())["exit_code_by_key"]
    )
    import pytest

    os.environ["MUTANT_UNDER_TEST"] = ""
    pytest.main(
        ["-n0", "--collect-only", "-qqq", "--rootdir=.", *(f"tests/{room}" for room in ROOMS)]
    )
    found, end = Counter(), time.monotonic() + seconds
    for name in draw(names, count, seed):
        if time.monotonic() > end:
            break
        tests = reach(name, statistics)
        became = run(name, tests) if tests else "reached by none"
        found[became] += 1
        if became != "killed":
            print(f"{became}: {name}", flush=True)
    print(f"of {len(names)} mutants {found.total()} were run: {dict(found)}")


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
