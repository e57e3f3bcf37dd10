"""Whatever has happened to a file of a source: it is read, or told by its path and what to do.

A flipped bit may leave a file that nothing tells from a whole one: it is read. None ends in the
words of a library, waits, or takes the machine's memory.
"""

import os
import shutil
import time

import numpy as np
import pytest
from cases.damage import CONTENT, FOREIGN, PLACE, limited
from cases.sources import SOURCES, damaged_file

DAMAGE = {**CONTENT, **PLACE, **FOREIGN}

QUICK = (
    "nothing left",
    "half",
    "a web page",
    "a pipe",
    "a device without end",
    "a terabyte of zeros",
)
"""What is tried each time; the rest is slow in sum."""

CASES = [(name, pattern) for name, source in SOURCES.items() for pattern in source.files]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folders of the sources, each written once."""
    folders = {}

    def get(name):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp("source")
            SOURCES[name].write(folders[name])
        return folders[name]

    return get


@pytest.mark.parametrize("name", SOURCES)
def test_a_whole_source_is_read(written, name):
    SOURCES[name].read(written(name))


@pytest.mark.parametrize(
    "damage",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in DAMAGE],
)
@pytest.mark.parametrize(("name", "pattern"), CASES)
def test_damage_is_told_with_its_path(written, tmp_path, name, pattern, damage):
    folder = tmp_path / "source"
    shutil.copytree(written(name), folder)
    path = damaged_file(folder, pattern)
    DAMAGE[damage](path)
    check_told(name, folder, path)


def check_told(name, folder, path):
    try:
        with limited(pipes=[path]):
            SOURCES[name].read(folder)
    except (ValueError, FileNotFoundError) as error:
        assert not isinstance(error, UnicodeError)
        message = str(error)
    else:
        return
    store = folder / path.relative_to(folder).parts[0]  # of which zarr tells nothing further
    if store.suffix == ".zarr":
        assert str(store) in message or "place a" in message  # a chunk that is not there is empty
    elif "names images that are not there" in message:  # entries of an archive got other names
        assert f", {folder})" in message
    else:
        assert path.name in message
    assert "; " in message or ": expected" in message or "point the path" in message


def spoil(path, rng):
    """Some bytes of a file changed, cut out, doubled or put in."""
    content = bytearray(path.read_bytes())
    for _ in range(rng.integers(1, 4)):
        start, stop = np.sort(rng.integers(0, len(content) + 1, 2)).tolist()
        stop = min(stop, start + int(rng.choice([1, 4, 64, 4096])))
        part = bytes(content[start:stop])
        noise = rng.integers(0, 256, len(part), np.uint8).tobytes()
        content[start:stop] = [b"", part * 2, noise, part + noise, bytes(len(part))][
            rng.integers(5)
        ]
    path.write_bytes(content)


@pytest.mark.slow
def test_damage_at_random_is_told_with_its_path(written, tmp_path):
    seconds, seed = int(os.environ.get("PIMC_FUZZ_SECONDS", "60")), np.random.SeedSequence().entropy
    rng, end, tried, wrong = np.random.default_rng(seed), time.monotonic() + seconds, 0, []
    while time.monotonic() < end and len(wrong) < 5:
        name, pattern = CASES[rng.integers(len(CASES))]
        folder = tmp_path / f"source_{tried}"
        shutil.copytree(written(name), folder)
        path = damaged_file(folder, pattern)
        spoil(path, rng)
        try:
            with limited(pipes=[path]):
                SOURCES[name].read(folder)
        except (ValueError, FileNotFoundError) as error:
            if str(folder) not in str(error) and "place " not in str(error):
                wrong.append((name, pattern, repr(error)[:500]))
        except Exception as error:
            wrong.append((name, pattern, repr(error)[:500]))
        shutil.rmtree(folder)
        tried += 1
    assert not wrong, f"seed {seed}, {tried} tried: {wrong}"
    assert tried > seconds / 10
