"""Numbers that others published, each with what sets it apart from ours: ``published.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

PUBLISHED_PATH = Path(__file__).with_name("published.yml")


@dataclass(frozen=True)
class Published:
    """What one source reports of one method.

    Attributes:
        task: ours that is closest.
        method: name, with its backbone.
        data: on which data, called as ours are where they are the same.
        scores: by the names of our tables; accuracies are shares of 1. A pair is a range.
        source: where it is from.
        protocol: how the number was made.
        caveat: why it cannot be read against ours.
        budget: of labels, as ours are named.
    """

    task: str
    method: str
    data: str
    scores: Mapping[str, float | tuple[float, float]]
    source: str
    protocol: str
    caveat: str
    budget: str = "all"

    def __post_init__(self) -> None:
        """Check that nothing stands without its source and its caveat."""
        texts = (self.method, self.data, self.source, self.protocol, self.caveat)
        if not all(texts) or not self.scores:
            raise ValueError(
                f"a published number needs a method, data, scores, source, protocol and caveat, "
                f"got {self}"
            )


def read_published(path: Path = PUBLISHED_PATH) -> tuple[Published, ...]:
    """All published numbers, in the order of the file.

    Raises:
        ValueError: if a number lacks a field, has an unknown one, or stands twice.
    """
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = tuple(
        _number({**group, **number}, path) for group in groups for number in group["numbers"]
    )
    keys = [(each.task, each.method, each.data, each.budget) for each in found]
    twice = sorted({" / ".join(key) for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"{path}: a number stands once, got twice {', '.join(twice)}")
    return found


def _number(given: Mapping[str, Any], path: Path) -> Published:
    """A number with what its group shares."""
    told = {name: value for name, value in given.items() if name != "numbers"}
    names = {each.name for each in fields(Published)}
    if not names - {"budget"} <= set(told) <= names:
        raise ValueError(
            f"{path}: a number and its group give {', '.join(sorted(names))} (budget may be left "
            f"out), got {', '.join(sorted(told))} of {told.get('method', 'one without method')}"
        )
    scores = {
        name: (value[0], value[1]) if isinstance(value, list) else value
        for name, value in told["scores"].items()
    }
    return Published(**{**told, "scores": scores})
