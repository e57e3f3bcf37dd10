"""Reading JSON that this project wrote, or others did."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import TypeVar

Kind = TypeVar("Kind", dict, list)  # type: ignore[type-arg]


def read_json(path: Path, kind: type[Kind], remedy: str, keys: Collection[str] = ()) -> Kind:
    """What a JSON file holds.

    Args:
        path: of the file.
        kind: a dictionary or a list.
        remedy: what to do about a file that is damaged, or another one, for the error.
        keys: that a dictionary must have.

    Raises:
        ValueError: if it holds no JSON, or something else.
    """
    expected = f"{path}: expected JSON, a {kind.__name__}"
    expected += f" with {', '.join(sorted(keys))}" if keys else ""
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{expected}, got {error}; {remedy}") from error
    if not isinstance(found, kind):
        raise ValueError(f"{expected}, got a {type(found).__name__}; {remedy}")
    if missing := sorted(set(keys) - set(found)):
        raise ValueError(f"{expected}, got none of {', '.join(missing)}; {remedy}")
    return found
