"""Pieces of work that hang on no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Made = TypeVar("Made")
Told = TypeVar("Told")


@dataclass(frozen=True)
class Piece(Generic[Made, Told]):
    """One piece of work.

    Attributes:
        name: of what is worked on, as errors call it.
        make: the work; gives the same wherever it runs.
        store: writes what was made, whole or not at all, and gives the little that is told of it.
            It runs where it was made if the folder is seen there, else in this process.
    """

    name: str
    make: Callable[[], Made]
    store: Callable[[Made], Told]


Follow = Callable[[str], AbstractContextManager[Callable[[Told], None]]]
"""Opens around a piece of that name, in this process; gives who listens to what is told of it."""


class PieceError(RuntimeError):
    """A piece that has failed: says which, and why."""


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Name the piece in whatever goes wrong with it.

    Raises:
        PieceError: in the place of any other error, which is its cause.
    """
    try:
        yield
    except Exception as error:
        raise PieceError(f"{name}: {str(error) or type(error).__name__}") from error
