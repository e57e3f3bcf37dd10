"""Reading JSON that this project wrote, or others did."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pimc.data.fingerprint import fingerprint
from pimc.data.regular_file import check_regular, told

Kind = TypeVar("Kind", dict, list)  # type: ignore[type-arg]


LARGEST = 2**30
"""Bytes: PASTIS's metadata, the largest there is here, have 30 million."""

SEAL = "sum"
"""Under which a dictionary keeps the digest of all else that it holds."""


def seal(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with their digest, which ``read_json`` compares."""
    return {**facts, SEAL: _digest(facts)}


def _digest(facts: Mapping[str, Any]) -> str:
    stated = {name: value for name, value in facts.items() if name != SEAL}
    return fingerprint(json.dumps(stated, sort_keys=True))


def parse_json(path: Path, expected: str, remedy: str) -> Any:  # noqa: ANN401
    """What a JSON file holds, of whatever kind.

    Args:
        path: of the file.
        expected: what it should hold, for the error.
        remedy: what to do about another, likewise.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no regular file, or holds no JSON.
    """
    check_regular(path, expected, LARGEST)
    with told(path, expected, remedy):
        return json.loads(path.read_bytes())


def read_json(path: Path, kind: type[Kind], remedy: str, keys: Collection[str] = ()) -> Kind:
    """What a JSON file holds.

    Args:
        path: of the file.
        kind: a dictionary or a list.
        remedy: what to do about a file that is damaged, or another one, for the error.
        keys: that a dictionary must have.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds no JSON, something else, or not what was sealed.
    """
    wanted = f"JSON, a {kind.__name__}"
    wanted += f" with {', '.join(sorted(keys))}" if keys else ""
    expected = f"{path}: expected {wanted}"
    found = parse_json(path, wanted, remedy)
    if not isinstance(found, kind):
        raise ValueError(f"{expected}, got a {type(found).__name__}; {remedy}")
    if missing := sorted(key for key in keys if key not in found):
        raise ValueError(f"{expected}, got none of {', '.join(missing)}; {remedy}")
    if isinstance(found, dict) and found.get(SEAL, whole := _digest(found)) != whole:
        raise ValueError(f"{expected}, got one that was changed since it was written; {remedy}")
    return found
