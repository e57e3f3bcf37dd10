"""Loops over arrays compiled by numba, which importing this imports."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from numba import njit

Loop = Callable[..., None]


def compiled_loop(loop: Loop) -> Loop:
    """The loop, compiled at its first call for the types that it is given.

    That is once a machine where the code can be kept: beside its file, or in the user's cache.
    Indices are not checked.
    """
    # numpy's division by 0: a check of each cell would keep rows from being vectorised
    compile_with = partial(njit, nogil=True, error_model="numpy")
    try:
        compiled: Loop = compile_with(cache=True)(loop)
    except RuntimeError:  # no folder to keep the code in: each process compiles for itself
        compiled = compile_with()(loop)
    return compiled
