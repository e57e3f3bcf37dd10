from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cases.score_tables import forecasting_tables, land_cover_tables

from pimc.report.leaderboard.paired import paired_table
from pimc.report.leaderboard.published import Published
from pimc.report.leaderboard.sections import split_sections
from pimc.report.leaderboard.table import (
    COLUMNS,
    DataSet,
    TaskTables,
    arm_role,
    leaderboard_table,
    run_command,
    shown_scores,
)

DATA_SETS = {
    ("eurosat", "land_cover"): DataSet("EuroSAT", simulated=False),
    ("simulated", "forecasting"): DataSet("simulated PASTIS (version 1)", simulated=True),
}
OTHERS = (
    Published(
        "land_cover", "CNN", "EuroSAT", {"accuracy": (0.8, 0.9)}, "a paper", "RGB", "random split"
    ),
)


def build(*tables):
    return leaderboard_table(tables, DATA_SETS, OTHERS)


def row(table, **wanted):
    chosen = table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_every_score_of_every_arm_has_one_row_with_its_facts():
    given = land_cover_tables(), forecasting_tables()
    table = build(*given)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == sum(len(each.scores) for each in given) + 1
    probe = row(table, arm="linear_probe", score="macro_f1", budget="tenth")
    assert probe["value"] == pytest.approx(0.69)
    assert probe[["data_set", "unit", "role"]].tolist() == ["EuroSAT", "image", "pretrained"]
    assert probe["test_samples"] == 1500 + 1199
    assert probe["scored_on"] == "2026-03-01"
    assert not probe["simulated"] and row(table, arm="forest", score="rmse")["simulated"]
    assert row(table, arm="forest", score="rmse")["test_samples"] == 10 * 50


def test_the_difference_is_that_from_the_first_reference():
    table = build(land_cover_tables(references=("forest", "scratch")))
    tuned = row(table, arm="fine_tune", score="accuracy", budget="all")
    assert tuned["reference"] == "forest"
    assert tuned["difference"] == pytest.approx(0.3)
    assert tuned["difference_low"] == pytest.approx(0.27)
    assert np.isnan(row(table, arm="forest", score="accuracy", budget="all")["difference"])


def test_published_numbers_keep_their_range_source_and_caveat():
    published = row(build(land_cover_tables()), role="published")
    assert published[["value", "low", "high"]].tolist() == pytest.approx([0.85, 0.8, 0.9])
    assert published["caveat"] == "random split" and published["source"] == "a paper"
    assert not published["chosen"]


@pytest.mark.parametrize(
    ("kind", "source", "role"),
    [
        ("majority", "", "trivial"),
        ("climatology", "", "trivial"),
        ("linear", "statistics", "trivial"),
        ("forest", "series", "baseline"),
        ("network", "random_with_series", "first weights"),
        ("knn", "pretrained", "pretrained"),
        ("linear", "pretrained_shuffled", "control"),
        ("linear", "random_noise", "control"),
        ("network", "backbone", "backbone"),
        ("linear", "random_backbone", "first weights"),
        ("forest", "bands", "baseline"),
        ("linear", "embeddings", "peer"),
        ("linear", "embeddings_with_series", "peer"),
        ("linear", "embeddings_with_pretrained", "peer"),
    ],
)
def test_roles(kind, source, role):
    assert arm_role(kind, source) == role


def test_the_scores_that_are_shown():
    available = ["rmse", "rmse_NDVI", "rmse_EVI", "mae_NDVI", "raw_rmse_NDVI"]
    assert shown_scores("forecasting", available) == ["rmse", "rmse_NDVI", "rmse_EVI"]
    assert shown_scores("land_cover", ["miou", "accuracy"]) == ["accuracy", "miou"]


def test_commands_name_the_environment_but_for_the_simulated_sample():
    assert run_command("simulated", "land_cover") == "kedro run --pipeline=land_cover"
    assert run_command("points", "forecasting") == "kedro run --env=points --pipeline=forecasting"


def test_another_set_of_lists_is_other_data_and_stands_in_the_command():
    assert DataSet("EuroSAT").split_by("spatial") == DataSet("EuroSAT, split by longitude")
    tables = land_cover_tables()
    assert tables.split == "official"
    given = replace(tables, scores=tables.scores.assign(split="spatial", effort="full"))
    assert given.split == "spatial"
    (section,) = split_sections(build(given), paired_table([given], DATA_SETS))
    assert section.command.endswith("--params=land_cover.effort=full,split=spatial")
    assert "split" not in run_command("eurosat", "land_cover", split="own")


def test_simulated_data_must_be_called_so():
    with pytest.raises(ValueError, match="simulated data must be called so, got the name 'PASTIS'"):
        DataSet("PASTIS", simulated=True)


def test_a_table_of_another_version_is_refused():
    tables = land_cover_tables()
    with pytest.raises(ValueError, match=r"land_cover.scores: no columns kind in workspace"):
        TaskTables("eurosat", "land_cover", tables.scores.drop(columns="kind"), tables.differences)
    nowhere = tables.scores.assign(chosen=False)
    with pytest.raises(ValueError, match=r"no arm chosen for \[\('image', 'all'\), .* anew, with"):
        TaskTables("eurosat", "land_cover", nowhere, tables.differences)


def test_the_command_of_a_section_says_the_effort_where_the_tables_do():
    tables = land_cover_tables()
    for scores, end in ((tables.scores, ""), (tables.scores.assign(effort="full"), "full")):
        table = build(replace(tables, scores=scores))
        (section,) = split_sections(table, paired_table([tables], DATA_SETS))
        command = "kedro run --env=eurosat --pipeline=land_cover"
        assert section.command == command + (end and " --params=land_cover.effort=full")
