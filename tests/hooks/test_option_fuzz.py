"""Any value in the place of any option: refused by its full name, or kept as it was given.

``pytest --hypothesis-profile=nightly -m "slow or not slow" tests/hooks/test_option_fuzz.py`` goes
on for ten minutes (``PIMC_FUZZ_SECONDS``).
"""

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import is_dataclass
from random import Random

import pytest
from kedro.validation import ParameterValidationError
from test_wrong_parameters import changed, shipped, start, told

SECONDS = float(os.environ.get("PIMC_FUZZ_SECONDS", "60"))
NUMBERS = (0, 1, -1, 2, 3, 7, 64, 1000, 2**31, 2**32, 2**63, 10**30, -(10**30))
FLOATS = (0.0, -0.0, 0.5, 1.5, -0.25, 1e-300, 1e300, 5e-324, float("nan"), float("inf"))
TEXTS = (
    "",
    " ",
    "no",
    "auto",
    "cpu",
    "1",
    "1e-3",
    "../../x",
    "a/b",
    "Ā",
    "x" * 300,
    "null",
    "NDVI",
)
PLAIN = (None, True, False, *NUMBERS, *FLOATS, *TEXTS)


def any_value(draw):
    """Of every kind that YAML or ``--params`` can give."""
    kind = draw.random()
    if kind < 0.75:
        return draw.choice(PLAIN)
    if kind < 0.9:
        return [draw.choice(PLAIN) for _ in range(draw.randrange(4))]
    return {draw.choice(TEXTS): draw.choice(PLAIN) for _ in range(draw.randrange(3))}


def paths(given, before=""):
    """Full names of all options and groups of options."""
    for name, value in given.items():
        yield before + name
        if isinstance(value, Mapping):
            yield from paths(value, f"{before}{name}.")


@pytest.fixture(scope="module")
def names():
    return list(paths(shipped()))


def find(built, name):
    """What options that were built have under a full name."""
    for part in name.split("."):
        if isinstance(built, Mapping):
            built = built[part]
        elif hasattr(built, part):
            built = getattr(built, part)
        else:  # of an arm
            built = built.options[part]
    return built


def plain(value):
    """Lists and tuples alike."""
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def kept(built, name, value):
    """Whether what was given is there; groups are built, and null may take one out."""
    try:
        found = find(built, name)
    except (KeyError, AttributeError):
        # taken out, or of an effort that is not run
        return value is None or name.startswith("ablation.variants.")
    if isinstance(value, Mapping) or (is_dataclass(found) and value is None):
        return True
    return plain(found) == plain(value) or (value is None and not found)


def try_one(draw, names):
    name, value = draw.choice(names), any_value(draw)
    try:
        built = start(changed(name, value))
    except (ValueError, ParameterValidationError) as error:
        assert told(error, name, value), f"{name}={value!r}: {error}"
        return
    assert kept(built, name, value), f"{name}={value!r} is another thing"


@pytest.fixture
def quiet():
    """Kedro logs each error too."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", range(4))
def test_a_value_is_told_by_its_name_or_kept(names, quiet, seed):
    draw = Random(seed)
    for _ in range(8):
        try_one(draw, names)


@pytest.mark.slow
def test_values_at_random_are_told_by_their_name_or_kept(names, quiet):
    end, draw, wrong = time.monotonic() + SECONDS, Random(int(time.time())), []
    while time.monotonic() < end:
        try:
            try_one(draw, names)
        except Exception as error:  # all of them, with what each was given
            wrong.append(f"{type(error).__name__}: {error}"[:400])
    assert not wrong, "\n".join(sorted(set(wrong)))
