import numpy as np
import pandas as pd
import pytest
from cases.score_tables import forecasting_tables, land_cover_tables

from pimc.report.leaderboard.paired import (
    CHOSEN,
    COLUMNS,
    PRETRAINING,
    counterparts,
    paired_table,
    parts_alone,
    verdict,
)
from pimc.report.leaderboard.table import DataSet

DATA_SETS = {
    ("eurosat", "land_cover"): DataSet("EuroSAT", simulated=False),
    ("simulated", "forecasting"): DataSet("simulated PASTIS (version 1)", simulated=True),
}


def ask(tables, question, score="accuracy"):
    table = paired_table([tables], DATA_SETS)
    wanted = {"question": question, "score": score, "budget": "all"}
    return table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)]


def test_verdicts_follow_the_interval_and_the_direction():
    assert verdict(0.01, 0.02, lower_is_better=False) == "better"
    assert verdict(0.01, 0.02, lower_is_better=True) == "not better"
    assert verdict(-0.02, -0.01, lower_is_better=True) == "better"
    assert verdict(-0.02, 0.0, lower_is_better=False) == "not better"
    assert verdict(-0.02, 0.01, lower_is_better=False) == "undecided"
    assert verdict(np.nan, np.nan, lower_is_better=False) == "not compared"


def test_pretraining_is_measured_against_the_same_kind_with_first_weights():
    answers = ask(land_cover_tables(references=("scratch", "linear_probe")), PRETRAINING)
    every = answers.set_index("arm")
    assert every["reference"].to_dict() == {"linear_probe": "random_init", "fine_tune": "scratch"}
    assert every.loc["fine_tune", "difference"] == pytest.approx(0.1)
    # the task took random_init less linear_probe
    assert every.loc["linear_probe", "difference"] == pytest.approx(0.05)
    assert every.loc["linear_probe", ["low", "high"]].tolist() == pytest.approx([0.02, 0.08])
    assert set(every["verdict"]) == {"better"}


def test_a_lower_error_is_better_and_a_pair_without_a_difference_is_not_compared():
    assert ask(forecasting_tables(), PRETRAINING, "rmse")["verdict"].tolist() == ["better"]
    missing = ask(land_cover_tables(references=("forest",)), PRETRAINING)
    assert set(missing["verdict"]) == {"not compared"} and missing["difference"].isna().all()


def test_the_chosen_arm_is_compared_with_every_reference_in_every_score():
    tables = land_cover_tables(references=("scratch", "forest"))
    answers = ask(tables, CHOSEN, "macro_f1")
    assert answers[["arm", "reference"]].to_numpy().tolist() == [
        ["fine_tune", "scratch"],
        ["fine_tune", "forest"],
    ]
    assert answers["difference"].tolist() == pytest.approx([0.1, 0.3])
    table = paired_table([tables], DATA_SETS)
    assert tuple(table.columns) == COLUMNS
    assert set(table["score"]) == {"accuracy", "macro_f1", "miou"}
    assert set(table["budget"]) == {"all", "tenth"}


def test_controls_are_nobodys_counterpart():
    arms = pd.DataFrame(
        {
            "arm": ["probe", "noise", "random_noise", "random"],
            "kind": "linear",
            "input": ["pretrained", "pretrained_noise", "random_noise", "random"],
        }
    )
    assert counterparts(arms) == [("probe", "random")]


def test_a_backbone_is_not_paired_with_first_weights_of_another_architecture():
    arms = pd.DataFrame(
        {
            "arm": ["seco", "probe", "seco_random", "random"],
            "kind": "linear",
            "input": ["backbone", "pretrained", "random_backbone", "random"],
        }
    )
    assert counterparts(arms) == [("probe", "random")]


def test_a_peer_beside_ours_is_no_answer_of_our_pretraining():
    sources = ["embeddings", "embeddings_with_pretrained", "pretrained", "random"]
    arms = pd.DataFrame(
        {"arm": ["peer", "both", "probe", "random"], "kind": "linear", "input": sources}
    )
    assert counterparts(arms) == [("probe", "random")]


def test_both_encoders_are_measured_against_each_alone():
    arms = pd.DataFrame(
        {
            "arm": ["both", "image", "probe", "with_series", "tuned_both", "tuned", "random"],
            "kind": [*["linear"] * 4, *["network"] * 2, "linear"],
            "input": [
                *("pretrained_both", "pretrained_image", "pretrained", "pretrained_with_series"),
                *("pretrained_both", "pretrained", "random_both"),
            ],
        }
    )
    assert parts_alone(arms) == [("both", "image"), ("both", "probe"), ("tuned_both", "tuned")]
    assert counterparts(arms) == [("both", "random")]
    unknown = arms.assign(input=["another", None, np.nan, *["series"] * 4])
    assert parts_alone(unknown) == []


def test_first_weights_tell_nothing_of_an_encoder_of_another_design():
    arms = pd.DataFrame(
        {
            "arm": ["shipped", "with_masked", "paper", "random"],
            "kind": "linear",
            "input": ["pretrained", "pretrained", "pretrained", "random"],
            "design": ["shipped", "shipped", "paper", "shipped"],
        }
    )
    assert counterparts(arms) == [("shipped", "random"), ("with_masked", "random")]
    undivided = counterparts(arms.drop(columns="design"))
    assert ("paper", "random") in undivided
