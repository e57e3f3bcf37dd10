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


def test_the_figure_of_label_curves_reads_the_generated_tables():
    script = runpy.run_path(str(EXAMPLE.parents[1] / "docs/figures/draw_label_curves.py"))
    block = f"""x : {script["BLOCK"]} -->
By pixel, all labels:

| arm | is | encoder saw | accuracy, % | 95 % interval | macro-F1, % |
| --- | --- | --- | --- | --- | --- |
| **cnn1d** (chosen) | baseline |  | 87.61 | [81.37, 91.07] | 82.02 |
| majority | trivial |  | 23.73 | [19.16, 28.63] | 4.26 |

By parcel, all labels:

| cnn1d | baseline |  | 11.00 | [10.00, 12.00] | 1.0 |

<!-- end -->"""
    expected = {"cnn1d": (87.61, 81.37, 91.07), "majority": (23.73, 19.16, 28.63)}
    assert script["read_accuracies"](block) == {"all labels": expected}
    whole = script["read_accuracies"](script["PAGE"].read_text())
    figure = script["draw"](whole)
    drawn = {line.get_color(): len(line.get_xdata()) for line in figure.axes[0].lines}
    assert drawn[script["ARMS"]["cnn1d_bands"][1]] == 2  # it runs at the two largest budgets alone
    assert drawn[script["ARMS"]["linear_probe"][1]] == len(script["BUDGETS"])


def test_the_example_that_embeds_beats_the_commonest_class(capsys):
    runpy.run_path(str(EXAMPLE.with_name("embed.py")))["main"]()
    score, commonest = map(float, re.findall(r"\d\.\d{3}", capsys.readouterr().out))
    assert 0 < commonest < score <= 1
