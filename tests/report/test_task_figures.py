"""Figures that the tasks share."""

import pandas as pd
import pytest

from pimc.report.task_figures import draw_label_curves


def test_label_curves_are_told_apart_and_listed_as_they_end():
    arms = {"forest": ("none", 0.2), "probe": ("inductive", 0.4), "majority": ("none", 0.1)}
    rows = [
        {"arm": arm, "pretraining": pretraining, "train_samples": samples, "score": score}
        | {"value": value + samples / 1_000, "low": value, "high": value + 0.2}
        for arm, (pretraining, value) in arms.items()
        for samples in (100, 10)
        for score in ("macro_f1", "accuracy")
    ]
    once = {**rows[0], "arm": "few", "value": 0.9, "train_samples": 10}
    figure = draw_label_curves(pd.DataFrame([*rows, once]), "macro_f1", "title")
    axis = figure.axes[0]
    lines = {line.get_label(): line for line in axis.lines}
    legend = [text.get_text() for text in axis.get_legend().get_texts()]
    assert legend == ["probe", "forest", "majority", "few"]
    assert lines["probe"].get_xdata().tolist() == [10, 100]
    assert lines["probe"].get_ydata().tolist() == pytest.approx([0.41, 0.5])
    looks = {(line.get_linestyle(), line.get_color()) for line in lines.values()}
    assert len(looks) == len(lines) and lines["probe"].get_linestyle() == "-"
    assert lines["forest"].get_linestyle() == "--"
