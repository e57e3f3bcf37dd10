"""Dataclasses to JSON's own types and back, with checks of the fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Stored = TypeVar("Stored", bound="DataclassInstance")


def store_fields(value: DataclassInstance) -> dict[str, Any]:
    """Fields of a dataclass by name, tuples as lists: what JSON can hold."""
    return {
        name: list(each) if isinstance(each, tuple) else each
        for name, each in asdict(value).items()
    }


def restore_fields(
    cls: type[Stored], stored: Mapping[str, Any], noun: str, newer: Collection[str] = ()
) -> Stored:
    """The dataclass that ``store_fields`` stored.

    Args:
        cls: the dataclass.
        stored: its fields by name.
        noun: what it is, for errors.
        newer: fields that older files do not have; they take their defaults.

    Raises:
        ValueError: if a field is missing, unknown or invalid.
    """
    expected = {field.name for field in fields(cls)}
    missing, unknown = expected - set(newer) - set(stored), set(stored) - expected
    if missing or unknown:
        raise ValueError(
            f"a stored {noun} has the fields {', '.join(sorted(expected))}; "
            f"missing: {sorted(missing)}, unknown: {sorted(unknown)}"
        )
    return cls(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored.items()
        }
    )
