"""A project of its own for runs that write: configuration as shipped, no data."""

import shutil
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def new_project(folder):
    shutil.copytree(PROJECT / "conf", folder / "conf", ignore=shutil.ignore_patterns("local"))
    (folder / "conf/local").mkdir()
    (folder / "src").mkdir()
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder)
    return folder
