"""Plots of float32 series by compiled loops: each cell is computed once, and written once.

Plain torch goes over all plots once for each step of a formula, and starts anew at each of their
short rows. What the kinds are is said in ``pimc.signal.recurrence_options``.

Importing this imports numba. All kernels take last:

    cells: float32, the memory from the first cell of the first image to the last of the last.
    step: cells from one image to the next.
    first, last: the images to draw, ``first`` to ``last`` - 1.
"""

from __future__ import annotations

import numpy as np

from pimc.signal.compiled_loop import compiled_loop

Array = np.ndarray

HALF, ONE = np.float32(0.5), np.float32(1)


@compiled_loop
def level(series: Array, cells: Array, step: int, first: int, last: int) -> None:
    """x_j - x_i above the diagonal, (x_i + x_j) / 2 on and below it; series B x I x L."""
    _, indices, side = series.shape
    for image in range(first, last):
        for index in range(indices):
            values = series[image, index]
            for i in range(side):
                at = image * step + (index * side + i) * side
                row = cells[at : at + side]
                # a whole row, then its means: quicker than a loop of two kinds of cells
                for j in range(side):
                    row[j] = values[j] - values[i]
                for j in range(i + 1):
                    row[j] = (values[i] + values[j]) * HALF


@compiled_loop
def signed(series: Array, cells: Array, step: int, first: int, last: int) -> None:
    """x_j - x_i, and x_i on the diagonal; series B x I x L."""
    _, indices, side = series.shape
    for image in range(first, last):
        for index in range(indices):
            values = series[image, index]
            for i in range(side):
                at = image * step + (index * side + i) * side
                row = cells[at : at + side]
                for j in range(side):
                    row[j] = values[j] - values[i]
                row[i] = values[i]


@compiled_loop
def unthresholded(series: Array, cells: Array, step: int, first: int, last: int) -> None:
    """|x_i - x_j|; series B x I x L."""
    _, indices, side = series.shape
    for image in range(first, last):
        for index in range(indices):
            values = series[image, index]
            for i in range(side):
                at = image * step + (index * side + i) * side
                row = cells[at : at + side]
                for j in range(side):
                    row[j] = abs(values[i] - values[j])


@compiled_loop
def diagonal(series: Array, cells: Array, step: int, first: int, last: int) -> None:
    """|x_i - x_j|, and x_i on the diagonal; series B x I x L."""
    _, indices, side = series.shape
    for image in range(first, last):
        for index in range(indices):
            values = series[image, index]
            for i in range(side):
                at = image * step + (index * side + i) * side
                row = cells[at : at + side]
                for j in range(side):
                    row[j] = abs(values[i] - values[j])
                row[i] = values[i]


@compiled_loop
def binary(
    series: Array, thresholds: Array, cells: Array, step: int, first: int, last: int
) -> None:
    """1 where |x_i - x_j| < epsilon, else 0; series B x I x L, a threshold for each index."""
    _, indices, side = series.shape
    for image in range(first, last):
        for index in range(indices):
            values, threshold = series[image, index], thresholds[index]
            for i in range(side):
                at = image * step + (index * side + i) * side
                row = cells[at : at + side]
                for j in range(side):
                    row[j] = np.float32(abs(values[i] - values[j]) < threshold)


@compiled_loop
def trajectories(
    series: Array, dimension: int, delay: int, cells: Array, step: int, first: int, last: int
) -> None:
    """|v_i - v_j| of trajectories of ``dimension`` points; series B x I x L."""
    _, indices, length = series.shape
    side = length - (dimension - 1) * delay
    squares = np.empty(side, np.float32)
    for image in range(first, last):
        for index in range(indices):
            values = series[image, index]
            for i in range(side):
                at = image * step + (index * side + i) * side
                row = cells[at : at + side]
                for j in range(side):
                    apart = values[i] - values[j]
                    squares[j] = apart * apart
                for lag in range(delay, dimension * delay, delay):
                    own, others = values[i + lag], values[lag:]
                    for j in range(side):
                        apart = own - others[j]
                        squares[j] += apart * apart
                for j in range(side):
                    row[j] = np.sqrt(squares[j])


@compiled_loop
def soft(
    grown: Array, shrunk: Array, near: float, cells: Array, step: int, first: int, last: int
) -> None:
    """1 / (1 + near exp|t_i - t_j|) of exp(t_i) and exp(-t_i), B x I x L float64.

    exp|t_i - t_j| is the greater of two ratios: an exponential for each date, not for each cell.
    """
    _, indices, side = grown.shape
    for image in range(first, last):
        for index in range(indices):
            up, down = grown[image, index], shrunk[image, index]
            for i in range(side):
                at = image * step + (index * side + i) * side
                row = cells[at : at + side]
                own_up, own_down = near * up[i], near * down[i]
                for j in range(side):
                    after, before = own_up * down[j], own_down * up[j]
                    row[j] = ONE / (ONE + np.float32(after if after > before else before))


@compiled_loop
def joint(
    grown: Array,
    shrunk: Array,
    near: float,
    scales: int,
    cells: Array,
    step: int,
    first: int,
    last: int,
) -> None:
    """Products of the soft plots of all indices; of each index there are ``scales`` rows."""
    _, rows, side = grown.shape
    odds = np.empty(side)
    for image in range(first, last):
        for scale in range(scales):
            for i in range(side):
                at = image * step + (scale * side + i) * side
                row = cells[at : at + side]
                for j in range(side):
                    odds[j] = 1
                for index in range(scale, rows, scales):
                    up, down = grown[image, index], shrunk[image, index]
                    own_up, own_down = near * up[i], near * down[i]
                    for j in range(side):
                        after, before = own_up * down[j], own_down * up[j]
                        odds[j] *= 1 + (after if after > before else before)
                for j in range(side):
                    row[j] = 1 / odds[j]


@compiled_loop
def mtf(series: Array, edges: Array, cells: Array, step: int, first: int, last: int) -> None:
    """Share of the steps out of the bin of x_i that lead to that of x_j.

    Series B x I x L, and edges between their bins, B x I x bins - 1.
    """
    _, indices, side = series.shape
    bins = edges.shape[2] + 1
    states = np.empty(side, np.int64)
    steps = np.empty((bins, bins), np.float32)
    shares = np.empty((bins, side), np.float32)
    for image in range(first, last):
        for index in range(indices):
            _count_steps(series[image, index], edges[image, index], states, steps)
            for state in range(bins):
                leaving = np.float32(0)
                for other in range(bins):
                    leaving += steps[state, other]
                leaving = max(leaving, ONE)
                for other in range(bins):
                    steps[state, other] /= leaving
                for j in range(side):
                    shares[state, j] = steps[state, states[j]]
            for i in range(side):
                at = image * step + (index * side + i) * side
                row, drawn = cells[at : at + side], shares[states[i]]
                for j in range(side):
                    row[j] = drawn[j]


@compiled_loop
def _count_steps(values: Array, edges: Array, states: Array, steps: Array) -> None:
    """Fill in the bin of each value, and how often a step leads from bin to bin."""
    bins, side = len(steps), len(values)
    for j in range(side):
        states[j] = 0
    for edge in edges:
        for j in range(side):
            states[j] += np.int64(values[j] > edge)
    for state in range(bins):
        for other in range(bins):
            steps[state, other] = 0
    for j in range(side - 1):
        steps[states[j], states[j + 1]] += ONE
