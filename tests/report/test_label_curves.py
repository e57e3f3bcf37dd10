import numpy as np
import pandas as pd
import pytest

from pimc.report.label_curves import GREY, choose_colours, draw_label_curves, spread_labels

ARMS = {
    # arm: kind, input, pretraining, value with most labels less 0.1
    "forest": ("forest", "series", "none", 0.2),
    "probe": ("linear", "pretrained", "inductive", 0.4),
    "majority": ("majority", np.nan, "none", 0.1),
    "noise": ("linear", "pretrained_noise", "inductive", 0.05),
}


def make_scores():
    rows = [
        {"arm": arm, "kind": kind, "input": source, "pretraining": pretraining, "budget": budget}
        | {"train_samples": samples, "score": score, "chosen": arm == "forest"}
        | {"value": value + samples / 10_000, "low": value, "high": value + 0.2}
        for arm, (kind, source, pretraining, value) in ARMS.items()
        for budget, samples in (("all", 1_000), ("shots_5", 10))
        for score in ("macro_f1", "accuracy")
    ]
    once = {**rows[0], "arm": "cnn", "value": 0.9, "chosen": False}
    return pd.DataFrame([*rows, once])


def test_every_arm_is_a_line_that_is_named_at_its_end():
    axis = draw_label_curves(make_scores(), "macro_f1", "title").axes[0]
    lines = {line.get_label(): line for line in axis.lines}
    assert lines["probe"].get_xdata().tolist() == [10, 1_000]
    assert lines["probe"].get_ydata().tolist() == pytest.approx([0.401, 0.5])
    assert lines["cnn"].get_xdata().tolist() == [1_000]
    assert [lines[arm].get_linestyle() for arm in ("probe", "forest")] == ["-", "--"]
    names = {text.get_text(): text for text in axis.texts}
    assert list(names) == ["cnn", "probe", "forest", "majority", "noise"]
    assert names["probe"].xy == pytest.approx((1_000, 0.5))
    heights = [text.xyann[1] for text in names.values()]
    assert (np.diff(heights) <= -1 / 23 + 1e-9).all()


def test_the_chosen_arm_is_bold_and_what_knows_nothing_is_grey():
    axis = draw_label_curves(make_scores(), "macro_f1", "title").axes[0]
    lines = {line.get_label(): line for line in axis.lines}
    weights = {text.get_text(): text.get_weight() for text in axis.texts}
    assert {arm for arm, weight in weights.items() if weight == "bold"} == {"forest"}
    widest = max(lines, key=lambda arm: lines[arm].get_linewidth())
    assert widest == "forest"
    assert {arm for arm, line in lines.items() if line.get_color() == GREY} == {"majority", "noise"}
    assert len(axis.collections) == 3  # bands of forest and probe, the bar of cnn


def test_budgets_stand_in_words_below_their_number_of_labels():
    axis = draw_label_curves(make_scores(), "macro_f1", "title").axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["10\nshots 5", "1,000\nall"]
    assert axis.get_xticks().tolist() == [10, 1_000] and not len(axis.get_xticks(minor=True))


def test_eight_arms_are_in_colour_the_chosen_among_them():
    names = [f"arm {number}" for number in range(12)]
    last = pd.DataFrame({"kind": "forest", "input": "series"}, index=names)
    colours = choose_colours(last, {"arm 10"})
    coloured = [name for name in names if colours[name] != GREY]
    assert coloured == [*names[:7], "arm 10"]
    assert len({colours[name] for name in coloured}) == 8


def test_labels_stand_apart_and_as_near_to_their_values_as_they_can():
    free = np.array([0.9, 0.1, 0.5])
    np.testing.assert_allclose(spread_labels(free, 0.1), free)
    # three that share a value are centred on it
    np.testing.assert_allclose(spread_labels(np.full(3, 0.5), 0.1), [0.4, 0.5, 0.6])
    # at the end of the axis they give way inward
    np.testing.assert_allclose(spread_labels(np.array([0.98, 1.0]), 0.1), [0.9, 1.0])
