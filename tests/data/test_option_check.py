"""A wrong option is told by its full name, with what was expected and what came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from pimc.data.option_check import check_built, check_options


@dataclass(frozen=True)
class Inner:
    gain: float = 0.1
    turns: bool = True


@dataclass(frozen=True)
class Options:
    epochs: int = 3
    rate: float = 0.1
    most: int | None = None
    folds: tuple[int, ...] = (1, 2)
    threshold: float | Sequence[float] | None = None
    scale: Literal["none", "standard"] = "none"
    name: str = "x"
    names: tuple[str, ...] = ()
    seed: int = 0
    inner: Inner = field(default_factory=Inner)
    arms: Mapping[str, Any] = field(default_factory=dict)


GOOD = [
    {},
    {
        "epochs": 4,
        "rate": 1,
        "most": None,
        "folds": [3],
        "threshold": [0.1, 1],
        "scale": "standard",
    },
    {"folds": [1, 1], "names": ["a", "b"]},  # as of a box: 0, 0, 1, 1
    {"most": 4, "threshold": 0.5, "seed": 2**32 - 1, "inner": {"gain": 0}, "folds": []},
    {"arms": {"a": {"kind": "knn", "leaf": [1, 2], "budgets": None}}},
]
BAD = [
    ({"epochs": 2.5}, r"it\.epochs: expected a whole number, got 2\.5"),
    ({"epochs": "3"}, r"it\.epochs: expected a whole number, got '3'"),
    ({"epochs": True}, r"it\.epochs: expected a whole number, got True"),
    ({"epochs": None}, r"it\.epochs: expected a whole number, got None"),
    ({"rate": float("nan")}, r"it\.rate: expected a finite number, got nan"),
    ({"rate": float("inf")}, r"it\.rate: expected a finite number, got inf"),
    ({"rate": "1e-3"}, r"it\.rate: expected a finite number, got '1e-3'"),
    ({"rate": False}, r"it\.rate: expected a finite number, got False"),
    ({"most": "all"}, r"it\.most: expected a whole number or null, got 'all'"),
    ({"folds": 3}, r"it\.folds: expected a list, each a whole number, got 3"),
    ({"folds": ["a"]}, r"it\.folds: expected a list, each a whole number, got \['a'\]"),
    ({"names": ["a", "a"]}, r"it\.names: expected each name once, got \['a', 'a'\]"),
    ({"names": "a"}, r"it\.names: expected a list, each a text, got 'a'"),
    ({"threshold": [0.1, float("nan")]}, r"it\.threshold: expected a finite number or a list"),
    ({"scale": "standart"}, r"it\.scale: expected one of none, standard, got 'standart'"),
    ({"name": 3}, r"it\.name: expected a text, got 3"),
    ({"seed": -1}, r"it\.seed: expected a whole number, 0 to 4294967295, got -1"),
    ({"seed": 2**32}, r"it\.seed: expected a whole number, 0 to"),
    ({"epoch": 3}, r"it has no option epoch \(did you mean epochs\?\); it has arms, epochs"),
    ({"inner": {"gian": 3}}, r"it\.inner has no option gian \(did you mean gain\?\)"),
    ({"inner": {"gain": float("nan")}}, r"it\.inner\.gain: expected a finite number, got nan"),
    ({"inner": {"turns": "no"}}, r"it\.inner\.turns: expected true or false, got 'no'"),
    ({"inner": 3}, r"it\.inner: expected options by name, got 3"),
    ({"arms": 3}, r"it\.arms: expected options by name, got 3"),
    ({"arms": {"a": {"c": float("inf")}}}, r"it\.arms\.a\.c: expected a finite value, got inf"),
    ([1], r"it: expected options by name, got \[1\]"),
]


@pytest.mark.parametrize("given", GOOD)
def test_what_fits_passes(given):
    check_options(Options, given, "it")
    check_built(Options(**{**given, "inner": Inner(**given.get("inner", {}))}), "it")


@pytest.mark.parametrize(("given", "message"), BAD)
def test_what_does_not_is_told(given, message):
    with pytest.raises(ValueError, match=message):
        check_options(Options, given, "it")


@pytest.mark.parametrize(
    ("built", "message"),
    [
        (Options(epochs=2.5), r"it\.epochs: expected a whole number, got 2\.5"),
        (Options(inner=Inner(gain=float("nan"))), r"it\.inner\.gain: expected a finite number"),
        (Options(arms={"a": Inner(turns=3)}), r"it\.arms\.a\.turns: expected true or false, got 3"),
        ((Inner(), Inner(gain="x")), r"it\.gain: expected a finite number, got 'x'"),
    ],
)
def test_what_is_built_is_looked_at_too(built, message):
    with pytest.raises(ValueError, match=message):
        check_built(built, "it")
