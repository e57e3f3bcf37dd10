import math

import pytest

from pimc.report.leaderboard.score_text import (
    budget_name,
    duration,
    score_name,
    show,
    show_difference,
    show_interval,
    show_published,
)


def test_shares_are_per_cent_and_errors_are_not():
    assert show("accuracy", 0.97546) == "97.55"
    assert show("accuracy", 0.97464) == "97.46"
    assert show("rmse_NDVI", 0.48487) == "0.485"
    assert show("accuracy", math.nan) == ""


def test_published_numbers_get_no_digits_that_nobody_reported():
    assert show_published("accuracy", 0.88, math.nan, math.nan) == "88"
    assert show_published("accuracy", 0.9857, math.nan, math.nan) == "98.57"
    assert show_published("accuracy", 0.9, math.nan, math.nan) == "90"
    assert show_published("accuracy", 0.955, 0.95, 0.96) == "95 to 96"
    assert show_published("raw_rmse_NDVI", 0.2, math.nan, math.nan) == "0.2"


def test_differences_have_a_sign_unless_they_round_to_nothing():
    assert show_difference("accuracy", 0.012) == "+1.20"
    assert show_difference("rmse", -0.0347) == "−0.035"
    assert show_difference("accuracy", -0.00004) == "0.00"
    assert show_difference("accuracy", math.nan) == ""


def test_an_interval_is_shown_whole_or_not_at_all():
    assert show_interval("accuracy", 0.4, 0.5) == "[40.00, 50.00]"
    assert show_interval("rmse", -0.1, 0.1, signed=True) == "[−0.100, +0.100]"
    assert show_interval("rmse", math.nan, 0.1) == ""


@pytest.mark.parametrize(
    ("score", "name"),
    [
        ("macro_f1", "macro-F1, %"),
        ("rmse", "RMSE, mean of the indices"),
        ("rmse_NDVI", "RMSE NDVI"),
        ("raw_mae_EVI", "MAE EVI, raw"),
    ],
)
def test_names_of_scores(score, name):
    assert score_name(score) == name


def test_names_of_budgets_and_durations():
    assert budget_name("shots_1") == "1 label a class"
    assert budget_name("shots_20") == "20 labels a class"
    assert budget_name("hundredth") == "1 % of the labels"
    assert budget_name("mine") == "mine"
    assert [duration(s) for s in (0.04, 65, 5400, math.nan)] == ["0.0 s", "1.1 min", "1.5 h", ""]
