"""Commands as a user types them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MODULES = ("kedro", "pimc")
"""That are run by `python -m` to run pipelines; others, as `pytest`, do more than that."""


def typed_command(arguments: Sequence[str], run_params: Mapping[str, Any]) -> str:
    """What was typed, without the folder of the program; else the command that does the same.

    Args:
        arguments: of the process (``sys.argv``).
        run_params: of the run, as Kedro hands them to hooks.
    """
    program = Path(arguments[0])
    if program.stem == "kedro":
        return shlex.join(["kedro", *arguments[1:]])
    if program.name == "__main__.py" and program.parent.name in MODULES:  # python -m
        return shlex.join(["python", "-m", program.parent.name, *arguments[1:]])
    return run_command(run_params, *(run_params.get("pipeline_names") or ()))


def run_command(run_params: Mapping[str, Any], *pipelines: str) -> str:
    """``kedro run`` of other pipelines, in the environment and with the parameters of this run."""
    words = ["kedro", "run"]
    if run_params.get("env"):
        words.append(f"--env={run_params['env']}")
    if pipelines:
        option = "--pipeline" if len(pipelines) == 1 else "--pipelines"
        words.append(f"{option}={','.join(pipelines)}")
    if given := ",".join(_flatten(run_params.get("runtime_params") or {})):
        words.append(f"--params={given}")
    return shlex.join(words)


def _flatten(params: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """``{"a": {"b": 1}}`` as ``a.b=1``; a list cannot be typed and is left out."""
    for name, value in params.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        elif not isinstance(value, list | tuple):
            yield f"{prefix}{name}={'null' if value is None else value}"
