"""A disk that fills in the middle of a run: told by path, and the same command goes on with room.

``data`` is a small file system in memory, which only privileged users may mount.
"""

import subprocess

import pytest
from test_kills import digests, in_child, new_project

SHARES = (0.01, 0.1, 0.15, 0.25, 0.5)
"""Of what a whole run needs."""


def mount(*options):
    return subprocess.run(["mount", *map(str, options)], capture_output=True, check=False)


@pytest.fixture
def disk(tmp_path):
    """Mounts a small disk at a folder, or gives it more room."""
    mounted = []

    def make(folder, size):
        if folder in mounted:
            done = mount("-o", f"remount,size={size}", folder)
        else:
            folder.mkdir()
            done = mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
        if done.returncode:
            pytest.skip(f"this user mounts no file system: {done.stderr.decode()}")
        mounted.append(folder)

    yield make
    for folder in set(mounted):
        subprocess.run(["umount", str(folder)], check=False)


def used(folder):
    """Bytes of files, in the pages that they take."""
    sizes = (path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return sum(4096 * (size // 4096 + 1) for size in sizes)


@pytest.mark.slow
def test_a_run_on_a_disk_that_fills_is_told_and_goes_on_where_there_is_room(tmp_path, disk):
    import lightning  # noqa: F401  once, and not in each child

    whole = new_project(tmp_path / "whole")
    assert in_child(whole)[0] == 0
    expected, needed = digests(whole), used(whole / "data")
    wrong = {}
    for share in SHARES:
        project = new_project(tmp_path / f"share_{share}")
        disk(project / "data", int(share * needed))
        status, _ = in_child(project, kill_at=-1)
        said = (project / "log").read_text()
        if status and "no room for " not in said:
            wrong[share] = f"not told: {said[-1500:]}"
            continue
        disk(project / "data", 4 * needed + 2**26)
        again, _ = in_child(project, kill_at=-1)
        if again:
            wrong[share] = f"not again: {(project / 'log').read_text()[len(said) :][-1500:]}"
        elif digests(project) != expected:
            wrong[share] = "another result"
        elif left := list((project / "data").rglob(".*.tmp")):
            wrong[share] = f"left over: {left}"
    assert not wrong, wrong
