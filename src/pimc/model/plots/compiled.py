"""Which plots are drawn by compiled kernels, in which memory, and on how many threads."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pimc.model.plots.markov_fields import bin_edges
from pimc.signal.recurrence import Recurrence

PART = 1 << 17
"""Cells of a thread: fewer are drawn sooner than another thread wakes."""

LARGEST = 350.0
"""Exponents, of either sign, of which two may be added before a float64 overflows."""

Drawn = tuple[str, tuple[Any, ...]]
"""Name of a kernel, and what it takes before its cells."""

Choice = Callable[[Tensor, Recurrence, Tensor], Drawn | None]
"""Scaled series, the transform, its thresholds -> the kernel that draws them, if one does."""


def _points(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor) -> Drawn:
    return recurrence.kind, (_array(scaled),)


def _distances(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor) -> Drawn:
    if recurrence.dimension == 1:
        return "unthresholded", (_array(scaled),)
    return "trajectories", (_array(scaled), recurrence.dimension, recurrence.time_delay)


def _binary(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor) -> Drawn | None:
    if recurrence.dimension > 1:
        return None
    return "binary", (_array(scaled), _array(thresholds[:, 0]))


def _soft(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor) -> Drawn | None:
    if recurrence.dimension > 1 or not scaled.numel():
        return None
    steps = (scaled / (recurrence.softness * thresholds)).double()
    # a slope too narrow, or NaN, is left to torch
    if not max(steps.abs().amax().item(), 1 / recurrence.softness) <= LARGEST:
        return None
    grown = steps.exp_()
    near = math.exp(-1 / recurrence.softness)
    return "soft", (_array(grown), _array(grown.reciprocal()), near)


def _joint(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor) -> Drawn | None:
    soft = _soft(scaled, recurrence, thresholds)
    return soft and ("joint", (*soft[1], recurrence.scales))


def _mtf(scaled: Tensor, recurrence: Recurrence, thresholds: Tensor) -> Drawn:
    series = _array(scaled)
    # numpy's sort of short rows takes a twentieth of torch's
    ordered = torch.from_numpy(np.sort(series, axis=-1))
    return "mtf", (series, _array(bin_edges(ordered, recurrence.bins)))


CHOICES: dict[str, Choice] = {
    "unthresholded": _distances,
    "binary": _binary,
    "soft": _soft,
    "joint": _joint,
    "level": _points,
    "signed": _points,
    "diagonal": _points,
    "mtf": _mtf,
}
"""Kinds of plots that have a kernel (``pimc.model.plots.kernels``)."""


def draw_compiled(
    scaled: Tensor, recurrence: Recurrence, thresholds: Tensor, out: Tensor | None
) -> Tensor | None:
    """As a ``Drawing`` (``pimc.model.plots.drawings``), where a kernel draws these series.

    That is: float32 on the CPU, which no gradient flows through, of a kind that has a kernel.
    What torch records (exports, traces, compiles) is drawn by torch.

    Returns:
        The plots; None where no kernel draws them.

    Raises:
        ValueError: for a tensor to draw into that is none of this shape, dtype and device, or a
            series too short for one trajectory.
    """
    if recurrence.kind not in CHOICES or not _is_plain(scaled):
        return None
    scaled = scaled.detach()
    choice = CHOICES[recurrence.kind](scaled, recurrence, thresholds)
    if choice is None:
        return None
    from pimc.model.plots import kernels  # numba is imported with the first plot

    side, joined = recurrence.side(scaled.shape[-1]), recurrence.kind == "joint"
    shape = (len(scaled), recurrence.scales if joined else scaled.shape[1], side, side)
    found = out is None or (tuple(out.shape), out.dtype, out.device)
    if found is not True and found != (shape, scaled.dtype, scaled.device):
        raise ValueError(
            f"expected a tensor to draw into of {(shape, scaled.dtype, scaled.device)}, got {found}"
        )
    name, arguments = choice
    kernel = partial(getattr(kernels, name), *arguments)
    # each image in one piece, as the kernels write it; images may lie apart
    if out is not None and out[:1].is_contiguous():
        return _draw_in_parts(kernel, out)
    drawn = _draw_in_parts(kernel, scaled.new_empty(shape))
    return drawn if out is None else out.copy_(drawn)


def _is_plain(series: Tensor) -> bool:
    learned = series.requires_grad and torch.is_grad_enabled()
    kind = (type(series), series.device.type, series.dtype)
    return kind == (Tensor, "cpu", torch.float32) and not (torch.compiler.is_compiling() or learned)


def _draw_in_parts(kernel: Callable[..., None], out: Tensor) -> Tensor:
    """Draw all images on torch's number of threads."""
    count, step = len(out), out.stride(0)
    cells = out[:1].numel()
    if not cells:
        return out
    memory = _array(out.as_strided(((count - 1) * step + cells,), (1,)))
    parts = max(1, min(torch.get_num_threads(), count, count * cells // PART))
    bounds = [count * part // parts for part in range(parts + 1)]
    jobs = [
        _helpers(os.getpid(), parts).submit(kernel, memory, step, *part)
        for part in pairwise(bounds[1:])
    ]
    kernel(memory, step, 0, bounds[1])
    for job in jobs:
        job.result()
    return out


@cache
def _helpers(process: int, parts: int) -> ThreadPoolExecutor:
    """Threads beside the calling one; of a process, since a fork has none of its parent's."""
    return ThreadPoolExecutor(parts - 1, thread_name_prefix="plots")


def _array(values: Tensor) -> np.ndarray:
    array: np.ndarray = values.contiguous().numpy()
    return array
