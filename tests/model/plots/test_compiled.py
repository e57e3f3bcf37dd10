"""Compiled plots beside plain torch, numpy and pyts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from pimc.model.plots import compiled
from pimc.model.plots.compiled import CHOICES, draw_compiled
from pimc.model.plots.drawings import DRAWINGS
from pimc.model.plots.layer import RecurrencePlots
from pimc.signal.plot_kinds import PLOT_KINDS
from pimc.signal.pyts_images import render_with_pyts
from pimc.signal.recurrence import Recurrence

PLAIN = Recurrence(("NDVI", "EVI"), "unthresholded", (0, 0), (1, 1), None, 1, 1, 0.25)
KERNELS = {
    **{
        kind: replace(PLAIN, kind=kind, thresholds=(0.5, 0.7) if kinds.thresholded else None)
        for kind, kinds in PLOT_KINDS.items()
        if kind in CHOICES
    },
    "trajectories": replace(PLAIN, dimension=3, time_delay=2),
    "multiscale": replace(PLAIN, kind="soft", thresholds=(0.5, 0.1, 0.7, 0.2)),
    "joint multiscale": replace(PLAIN, kind="joint", thresholds=(0.5, 0.1, 0.7, 0.2)),
}
ROUNDED = {"trajectories", "soft", "joint", "multiscale", "joint multiscale"}
"""Kinds whose last digits differ: torch's square root and sigmoid are not exactly rounded."""


def random_series(count, length=23, dtype=torch.float32):
    values = np.random.default_rng(count).normal(size=(count, 2, length))
    values[:, :, length // 2] = values[:, :, 0]  # ties
    return torch.from_numpy(values).to(dtype)


def draw(fitted, series, by, out=None):
    layer = RecurrencePlots(fitted)
    scaled = layer.scaled(series)[0].repeat_interleave(fitted.scales, dim=1)
    return by(scaled, fitted, layer.thresholds, out)


def draw_plainly(fitted, series):
    return draw(fitted, series, DRAWINGS[fitted.kind])


def check(name, found, series):
    expected = draw_plainly(KERNELS[name], series)
    tolerance = {"rtol": 1e-5, "atol": 5e-7} if name in ROUNDED else {"rtol": 0, "atol": 0}
    torch.testing.assert_close(found, expected, equal_nan=True, **tolerance)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_kernels_draw_what_torch_draws_in_any_number_of_parts(name, threads, monkeypatch):
    monkeypatch.setattr(compiled, "PART", 2 * 23 * 23)  # images of a part: 1
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    for count in (0, 1, threads - 1, threads, threads + 1, 9):
        series = random_series(count)
        found = draw(KERNELS[name], series, draw_compiled)
        assert found is not None or not count
        if found is not None:
            check(name, found, series)


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_draw_into_memory_that_lies_anyhow(name):
    series = random_series(4)
    apart = random_series(4, 46)[..., ::2]  # not contiguous
    shape = draw_plainly(KERNELS[name], series).shape
    among = torch.full((4, shape[1] + 1, *shape[2:]), 7.0)
    outs = {
        "one piece": torch.empty(shape),
        "images apart": among[:, :-1],
        "channels last": torch.empty(shape).to(memory_format=torch.channels_last),
        "cells apart": torch.empty(*shape[:3], 2 * shape[3])[..., ::2],
    }
    for out in outs.values():
        assert draw(KERNELS[name], series, draw_compiled, out) is out
        check(name, out, series)
        assert draw(KERNELS[name], apart, draw_compiled, out) is out
        check(name, out, apart)
    assert (among[:, -1] == 7).all()  # nothing is written beside the plots


@pytest.mark.parametrize("name", KERNELS)
def test_missing_and_infinite_values_are_drawn_as_by_torch(name):
    series = random_series(3)
    series[0, 0, 3], series[1, 1] = torch.nan, torch.nan
    found = RecurrencePlots(KERNELS[name])(series)
    check(name, found, series)
    if name not in ROUNDED:
        series[2, 0, 5] = torch.inf
        check(name, RecurrencePlots(KERNELS[name])(series), series)


def test_a_narrow_or_wide_slope_is_left_to_torch():
    series = random_series(3)
    narrow = replace(KERNELS["soft"], softness=1e-4)
    assert draw(narrow, series, draw_compiled) is None
    assert draw(KERNELS["soft"], 100 * series, draw_compiled) is None
    drawn = RecurrencePlots(KERNELS["soft"])(100 * series)
    torch.testing.assert_close(drawn, draw_plainly(KERNELS["soft"], 100 * series))


def test_the_widest_series_that_a_kernel_takes():
    # steps of 348 in units of the slope: products of exponentials stay finite in float64
    series = torch.tensor([[[43.5, -43.5, 0.0], [43.5, 43.4, 1.0]]])
    found = draw(KERNELS["soft"], series, draw_compiled)
    check("soft", found, series)


@pytest.mark.parametrize(
    "unlike",
    [
        pytest.param(lambda x: x.double(), id="float64"),
        pytest.param(lambda x: x.bfloat16(), id="bfloat16"),
        pytest.param(lambda x: x.clone().requires_grad_(), id="gradient"),
        pytest.param(lambda x: x.to("meta"), id="no memory"),
    ],
)
def test_what_no_kernel_draws_is_drawn_by_torch(unlike):
    level = KERNELS["level"]
    series = unlike(random_series(3))
    assert draw_compiled(series, level, torch.empty(0), None) is None
    drawn = RecurrencePlots(level).to(series.device)(series)
    assert (drawn.dtype, drawn.device) == (series.dtype, series.device)
    assert drawn.requires_grad == series.requires_grad
    with torch.no_grad():
        assert (draw_compiled(series, level, torch.empty(0), None) is None) == (
            not series.requires_grad
        )


def test_a_tensor_to_draw_into_must_fit():
    series = random_series(3)
    for out in (torch.empty(3, 2, 23, 22), torch.empty(3, 2, 23, 23, dtype=torch.float64)):
        with pytest.raises(ValueError, match=r"to draw into of \(\(3, 2, 23, 23\), torch.float32"):
            draw(KERNELS["level"], series, draw_compiled, out)
    with pytest.raises(ValueError, match="holds no trajectory"):
        draw(KERNELS["trajectories"], series[..., :4], draw_compiled)


def test_threads_that_draw_at_once(monkeypatch):
    monkeypatch.setattr(compiled, "PART", 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    layer, series = RecurrencePlots(KERNELS["level"]), [random_series(n) for n in range(2, 10)]
    with ThreadPoolExecutor(4) as pool:
        for values, drawn in zip(series, pool.map(layer, series), strict=True):
            check("level", drawn, values)


@pytest.mark.parametrize(
    ("name", "image", "options"),
    [
        ("unthresholded", "recurrence", {}),
        ("trajectories", "recurrence", {"dimension": 3, "time_delay": 2}),
        ("binary", "recurrence", {"threshold": 0.5}),
        ("mtf", "markov", {"n_bins": 8}),
    ],
)
def test_kernels_draw_what_pyts_draws(name, image, options):
    series = random_series(20)
    fitted = replace(KERNELS[name], thresholds=(0.5, 0.5) if name == "binary" else None)
    peer = render_with_pyts(series.numpy(), image, **options)
    drawn = draw(fitted, series, draw_compiled)
    np.testing.assert_allclose(drawn.numpy(), peer, rtol=1e-6, atol=1e-6)
