"""Reading JSON that this project wrote, or others did."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pimc.data.fingerprint import fingerprint

Kind = TypeVar("Kind", dict, list)  # type: ignore[type-arg]


SEAL = "sum"
"""Under which a dictionary keeps the digest of all else that it holds."""


def seal(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with their digest, which ``read_json`` compares."""
    return {**facts, SEAL: _digest(facts)}


def _digest(facts: Mapping[str, Any]) -> str:
    stated = {name: value for name, value in facts.items() if name != SEAL}
    return fingerprint(json.dumps(stated, sort_keys=True))


def read_json(path: Path, kind: type[Kind], remedy: str, keys: Collection[str] = ()) -> Kind:
    """What a JSON file holds.

    Args:
        path: of the file.
        kind: a dictionary or a list.
        remedy: what to do about a file that is damaged, or another one, for the error.
        keys: that a dictionary must have.

    Raises:
        ValueError: if it holds no JSON, something else, or not what was sealed.
    """
    expected = f"{path}: expected JSON, a {kind.__name__}"
    expected += f" with {', '.join(sorted(keys))}" if keys else ""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ValueError(f"{expected}, got no file; {remedy}")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{expected}, got {error}; {remedy}") from error
    if not isinstance(found, kind):
        raise ValueError(f"{expected}, got a {type(found).__name__}; {remedy}")
    if missing := sorted(key for key in keys if key not in found):
        raise ValueError(f"{expected}, got none of {', '.join(missing)}; {remedy}")
    if isinstance(found, dict) and found.get(SEAL, whole := _digest(found)) != whole:
        raise ValueError(f"{expected}, got one that was changed since it was written; {remedy}")
    return found
