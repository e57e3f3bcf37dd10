import numpy as np
import pandas as pd

from pimc.pretraining.kept_encoder import EncoderRun, KeptEncoder
from pimc.report.ablation import choose_variant, draw_ablation, tabulate_trainings

ARMS = {"paper": (0.5, 0.55), "level": (0.6, 0.52), "level_fine_tuned": (0.9, 0.9)}
ARMS |= {"forest": (0.8, 0.8)}


def make_scores(budgets=("few", "tenth")):
    rows = [
        {
            "unit": unit,
            "budget": budget,
            "arm": arm,
            "corpus": None if arm == "forest" else "own",
            "pretraining": "none" if arm == "forest" else "inductive",
            "score": score,
            "value": value - (score == "miou") * 0.1,
            "low": value - 0.2,
            "high": value + 0.1,
            "validation": validation + (0.2 if (unit, arm) == ("parcel", "level") else 0),
            "chosen": arm == "forest",
        }
        for unit in ("pixel", "parcel")
        for budget in budgets
        for arm, (value, validation) in ARMS.items()
        for score in ("macro_f1", "miou")
    ]
    return pd.DataFrame(rows)


def make_differences(scores, reference):
    rows = scores[scores["arm"] != reference].assign(reference=reference)
    shifted = rows.assign(difference=rows["value"] - 0.5, low=rows["low"] - 0.5, high=0.5)
    return shifted.drop(columns=["value", "validation", "pretraining", "chosen"])


def test_validation_chooses_a_variant_and_no_baseline():
    chosen = choose_variant(make_scores(), ["paper", "level"])
    marked = chosen[chosen["chosen"]].groupby(["unit", "budget"])["arm"].unique()
    assert {key: value.tolist() for key, value in marked.items()} == {
        ("pixel", "few"): ["paper"],  # though level is better on test
        ("pixel", "tenth"): ["paper"],
        ("parcel", "few"): ["level"],
        ("parcel", "tenth"): ["level"],
    }
    assert chosen["chosen"].sum() == 8  # the row of every score is marked


def test_at_a_budget_without_probes_one_of_all_arms_is_chosen():
    scores = make_scores()
    scores = scores[(scores["budget"] == "few") | ~scores["arm"].isin(["paper", "level"])]
    chosen = choose_variant(scores, ["paper", "level"])
    marked = chosen[chosen["chosen"] & (chosen["unit"] == "pixel")].set_index("budget")["arm"]
    assert marked.groupby("budget").unique().str.join("").to_dict() == {
        "few": "paper", "tenth": "level_fine_tuned",
    }  # fmt: skip


def test_trainings_are_rows_of_run_and_metrics():
    kept = KeptEncoder("d", lambda: None, EncoderRun("level", 1, 2), {"val_loss": 0.5})
    (row,) = tabulate_trainings([kept]).to_dict("records")
    run = {"variant": "level", "seed": 1, "rotation": 2, "corpus": "own"}
    assert row == {**run, "digest": "d", "val_loss": 0.5}


def test_the_figure_shows_values_and_differences_of_the_first_unit():
    scores = choose_variant(make_scores(), ["paper", "level"])
    differences = pd.concat([make_differences(scores, name) for name in ("paper", "forest")])
    figure = draw_ablation(scores, differences)
    assert len(figure.axes) == 2 * 3  # budgets x (values, two references)
    values, from_paper = figure.axes[0], figure.axes[1]
    names = [label.get_text() for label in values.get_yticklabels()]
    assert names == ["paper", "level", "forest", "level_fine_tuned"]  # by value
    dots = [line for line in values.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert [float(np.ravel(dot.get_xdata())[0]) for dot in dots] == [0.5, 0.6, 0.8, 0.9]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [True, False, False, False]
    spans = [line.get_xdata() for line in from_paper.lines if line.get_marker() == "None"]
    np.testing.assert_allclose(spans[1], [0.6 - 0.2 - 0.5, 0.5])
    assert np.isnan(spans[0]).all()  # the reference itself
    assert figure.get_suptitle().startswith("Ablation, pretrained on: own\n")


def test_a_reference_that_does_not_run_at_a_budget_leaves_no_empty_panel():
    scores = choose_variant(make_scores(), ["paper", "level"])
    differences = make_differences(scores, "paper")
    differences = pd.concat(
        [differences, make_differences(scores[scores["budget"] == "tenth"], "forest")]
    )
    drawn = [panel.axison for panel in draw_ablation(scores, differences).axes]
    assert drawn == [True, True, False, True, True, True]
