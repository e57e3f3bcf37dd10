"""Options as they are given, held against the annotations of the dataclass that they will be."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Built = TypeVar("Built")

SEED = range(2**32)
"""What numpy, torch and scikit-learn all take."""


LISTS = (tuple, list, Sequence)


def check_options(kind: type, given: object, name: str) -> None:
    """Refuse names that a dataclass of options has not, and values of another type.

    What a range allows is for the dataclass to say: it is built after this.

    Args:
        kind: a dataclass.
        given: its fields by name, as they stand in the parameters.
        name: of the options, as it would be typed.

    Raises:
        ValueError: with the full name of the option, what was expected and what came.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"{name}: expected options by name, got {given!r}")
    known = {each.name for each in fields(kind)}
    if unknown := [option for option in given if option not in known]:
        raise ValueError(
            f"{name} has no option {unknown[0]}{nearest(unknown[0], known)}; it has "
            f"{', '.join(sorted(known)) or 'none'}"
        )
    hints = _hints(kind)
    for option, value in given.items():
        check_value(hints[option], value, f"{name}.{option}")


def check_value(hint: Any, value: object, name: str) -> None:  # noqa: ANN401
    """Refuse a value that an annotation does not allow, numbers that are not finite among them.

    Raises:
        ValueError: with the name, what was expected and what came.
    """
    if is_dataclass(hint) and isinstance(hint, type) and not is_dataclass(value):
        check_options(hint, value, name)
    elif not _fits(hint, value):
        raise ValueError(f"{name}: expected {_words(hint)}, got {value!r}")
    elif name.rpartition(".")[2] == "seed" and value not in SEED:
        raise ValueError(f"{name}: expected a whole number, 0 to {SEED.stop - 1}, got {value!r}")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            check_value(Any, inner, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        names = [each for each in value if isinstance(each, str)]  # numbers may well be equal
        if len(set(names)) < len(names):
            raise ValueError(f"{name}: expected each name once, got {value!r}")


def check_built(options: object, name: str) -> None:
    """The same of options that are built, with all groups, lists and mappings of options in them.

    Raises:
        ValueError: with the full name of the option, what was expected and what came.
    """
    if isinstance(options, Mapping):
        for key, inner in options.items():
            check_built(inner, f"{name}.{key}")
    elif isinstance(options, tuple):
        for each in options:
            check_built(each, name)
    elif is_dataclass(options) and not isinstance(options, type):
        hints = _hints(type(options))
        for each in fields(options):
            value = getattr(options, each.name)
            check_value(hints[each.name], value, f"{name}.{each.name}")
            check_built(value, f"{name}.{each.name}")


class OptionError(ValueError):
    """Begins with the name of the option that is wrong, in the group that is being built."""


def build_named(build: Callable[[Mapping[str, Any]], Built], given: object, name: str) -> Built:
    """Options built from what is given; an error names the one without which they could be.

    Args:
        build: makes options from a mapping, groups of options in it.
        given: as it stands in the parameters.
        name: of the options, as it would be typed, or the end of it.

    Raises:
        OptionError: with the name of the option; of a group, where no option of it is wrong by
            itself.
    """
    if not isinstance(given, Mapping):
        raise OptionError(f"{name}: expected options by name, got {given!r}")
    try:
        return build(given)
    except OptionError as error:
        raise OptionError(f"{name}.{error}") from error
    except (TypeError, ValueError) as error:
        path = next((each for each in _paths(given) if _can(build, _without(given, each))), ())
        raise OptionError(f"{'.'.join((name, *path))}: {error}") from error


def build_options(kind: type[Built], given: object, name: str, *first: object) -> Built:
    """A dataclass of options from what is given, with types as it annotates them.

    Args:
        kind: the dataclass.
        given: its fields by name.
        name: of the options, as it would be typed, or the end of it.
        first: values of its first fields, which are not given.

    Raises:
        OptionError: with the name of the option.
    """

    def build(options: Mapping[str, Any]) -> Built:
        check_options(kind, options, name.rpartition(".")[2])
        return kind(*first, **options)

    return build_named(build, given, name)


def _can(build: Callable[[Mapping[str, Any]], object], given: Mapping[str, Any]) -> bool:
    try:
        build(given)
    except (TypeError, ValueError):
        return False
    return True


def _paths(given: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Of all options, those of a group before the group."""
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from ((name, *each) for each in _paths(value))
        yield (name,)


def _without(given: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {name: value for name, value in given.items() if name != first}
    return {**given, first: _without(given[first], tuple(rest))}


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Annotations of a dataclass, which are compiled anew each time that they are asked for."""
    return get_type_hints(kind)


def nearest(name: object, known: Iterable[str]) -> str:
    """A known name that may have been meant, for an error; "" where none is near."""
    found = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {found[0]}?)" if found else ""


def _fits(hint: Any, value: object) -> bool:  # noqa: ANN401
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(each, value) for each in inner)
    if origin is Literal:
        return value in inner
    if origin in LISTS:
        return isinstance(value, list | tuple) and all(_fits(inner[0], each) for each in value)
    return _is_a(origin or hint, value)


def _is_a(kind: Any, value: object) -> bool:  # noqa: ANN401
    """Whether a value is of a class: true is no number, and a whole number is one."""
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return isinstance(value, bool) and kind in (bool, Any)
    if kind is float:
        return isinstance(value, int | float)
    return kind is Any or isinstance(value, kind)


def _words(hint: Any) -> str:  # noqa: ANN401
    """An annotation as people say it."""
    words = {float: "a finite number", int: "a whole number", bool: "true or false", str: "a text"}
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(map(_words, inner))
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if origin in LISTS:
        return f"a list, each {_words(inner[0])}"
    if hint is NoneType:
        return "null"
    return words.get(hint, "options by name" if origin else "a finite value")
