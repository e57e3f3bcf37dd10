"""The example as a reader runs it, on less ground; and the figure of the method."""

import re
import runpy
from pathlib import Path

import numpy as np

EXAMPLE = Path(__file__).parents[1] / "examples/pretrain.py"


def test_the_example_is_short_and_ends_with_numbers_beside_chance(capsys, tmp_path, monkeypatch):
    assert len(EXAMPLE.read_text().splitlines()) <= 80
    monkeypatch.chdir(tmp_path)  # an unfinished training would leave its checkpoint here
    runpy.run_path(str(EXAMPLE))["main"](patches=10, steps=2)
    found, named = capsys.readouterr().out.splitlines()[-2:]
    recall, chance = map(float, re.findall(r"\d\.\d{3}", found))
    score, commonest = map(float, re.findall(r"\d\.\d{3}", named))
    # eight steps teach little, but the encoder reads series from the first
    assert 0 < chance < recall <= 1
    assert 0 < commonest < score <= 1


def test_the_figure_of_the_method_shows_one_pixel_of_the_simulated_sample():
    script = runpy.run_path(str(EXAMPLE.parents[1] / "docs/figures/draw_method.py"))
    shown = script["show_pixel"]()
    assert shown.series.shape == (3, 61) and shown.plots.shape == (3, 61, 61)
    # the line goes through the dots: weeks and observed dates are of one pixel
    drawn = [np.interp(shown.steps, np.arange(61), series) for series in shown.series]
    assert np.abs(drawn - shown.values).mean() < 0.03
    figure = script["draw_method"](shown)
    texts = {text.get_text() for axis in figure.axes for text in axis.texts}
    assert {"pixel", "series", "plots", "encoders", "tasks", "NDVI", "contrastive loss"} <= texts
    assert sum(len(axis.images) for axis in figure.axes) == 3 + 1 + 3  # dates, crop, plots
