"""Pieces of work, done one after another in this process or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from pimc.compute.options import ComputeOptions
from pimc.compute.pieces import Follow, Made, Piece, Told, naming


def run_pieces(
    pieces: Iterable[Piece[Made, Told]],
    options: ComputeOptions,
    folder: Path,
    follow: Follow[Told] | None = None,
) -> None:
    """Make and store all pieces.

    In this process they are done in their order, each asked for when the one before is stored. On
    a cluster they come back in any order, and ``follow`` opens around a piece once it is back.

    Args:
        pieces: each with a name of its own.
        options: where they run.
        folder: in which ``store`` writes.
        follow: is told of each; None for nobody.

    Raises:
        PieceError: of the first that failed; those that were stored stay, others are not begun.
    """
    listen = follow or _nobody
    if options.here:
        for piece in pieces:
            with naming(piece.name), listen(piece.name) as tell:
                tell(piece.store(piece.make()))
    elif waiting := list(pieces):  # nothing is started for nothing
        from pimc.compute.cluster import run_on_cluster

        run_on_cluster(waiting, options, folder, listen)


def _nobody(_: str) -> AbstractContextManager[Callable[[object], None]]:
    return nullcontext(lambda told: None)
