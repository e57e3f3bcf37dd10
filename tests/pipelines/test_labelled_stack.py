"""Labels of a vector file on images of one's own, through Kedro: one command, a table of scores."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cases.fields import box, write_fields
from cases.geotiffs import ground, write_tif
from cases.projects import new_project
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

PROJECT = Path(__file__).parents[2]
SIDE = 110
CORNERS = [(top, left) for top in range(3, 90, 20) for left in range(3, 90, 20)]
CLASSES = [("meadow", "Void")[number % 2] for number in range(len(CORNERS) - 1)] + ["rare"]
ARMS = ("majority", "logistic")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project of its own, with eight images in which meadows are green and the rest is bare."""
    folder = new_project(tmp_path_factory.mktemp("labelled"))
    for month in range(3, 11):
        image = ground(month, height=SIDE, width=SIDE)
        for (top, left), name in zip(CORNERS, CLASSES, strict=True):
            if name == "meadow":
                image[3, top : top + 12, left : left + 12] += 2000
        write_tif(folder / f"images/S2_2021{month:02d}10.tif", image)
    fields = [box(top, left, 12, 12) for top, left in CORNERS]
    write_fields(folder / "fields.gpkg", fields, CLASSES, to_crs=4326)
    return folder


def run(project, **given):
    arms = json.loads((project / "arms.json").read_text())
    parameters = {
        "root": str(project / "images"),
        "sampling": {"pixels_per_patch": 60, "frames_per_patch": 2},
        "pixel_classification": {
            "arms": arms,
            "efforts": {"quick": {"rotations": 5}},  # every field is tested once
            "device": "cpu",
            "resamples": 20,
        },
        **given,
    }
    bootstrap_project(project)
    with KedroSession.create(project, env="stack", runtime_params=parameters) as session:
        session.run(pipeline_names=["pixel_classification"])


@pytest.fixture(scope="module")
def scored(project):
    import yaml

    stored = yaml.safe_load(
        (PROJECT / "conf/base/parameters_pixel_classification.yml").read_text()
    )["pixel_classification"]["arms"]
    (project / "arms.json").write_text(
        json.dumps({name: None for name in stored if name not in ARMS})
    )
    run(project, labels=str(project / "fields.gpkg"), label_column="crop")
    return project / "data"


def test_classes_are_those_of_the_labels_and_lie_in_the_workspace(scored):
    classes = json.loads((scored / "03_primary/stack/classes.json").read_text())
    assert classes == ["Void", "meadow", "rare"]
    features = pd.read_parquet(scored / "03_primary/stack/labelled_features.parquet")
    assert features["class"].value_counts().to_dict() == {"Void": 12, "meadow": 12, "rare": 1}
    assert (features["pixels"] == 144).all()


def test_every_labelled_pixel_has_a_series_and_every_field_one_fold(scored):
    features = pd.read_parquet(scored / "03_primary/stack/labelled_features.parquet")
    pixels = pd.read_parquet(scored / "04_feature/stack/series_pixels.parquet")
    labelled = pixels[pixels["label"] >= 0]
    counts = labelled["parcel"].value_counts()
    expected = features.set_index("parcel")["kept"].clip(upper=100)
    assert counts.to_dict() == expected[expected > 0].to_dict()
    assert (labelled.groupby("parcel")["fold"].nunique() == 1).all()
    for number, (top, left) in enumerate(CORNERS, 1):
        of = labelled[labelled["parcel"] == number]
        assert of["y"].between(top, top + 11).all() and of["x"].between(left, left + 11).all()
    # ground without labels is drawn too, for pretraining, and lies apart from that of other folds
    assert (pixels["label"] < 0).sum() > 20
    where, fold = pixels[["y", "x"]].to_numpy(), pixels["fold"].to_numpy()
    apart = np.abs(where[:, None] - where[None]).max(axis=2)
    assert apart[fold[:, None] != fold[None]].min() > 17


def test_scores_are_told_and_a_class_in_too_few_folds_has_none(scored):
    reports = scored / "08_reporting/stack"
    scores = pd.read_csv(reports / "pixel_classification.scores.csv")
    all_labels = scores[(scores["budget"] == "all") & (scores["score"] == "accuracy")]
    by_arm = all_labels[all_labels["unit"] == "pixel"].set_index("arm")
    assert by_arm.loc["logistic", "value"] > 0.95 > by_arm.loc["majority", "value"]
    assert np.isfinite(by_arm.loc["majority", ["low", "high"]].astype(float)).all()
    assert set(scores["unit"]) == {"pixel", "parcel"}
    table = pd.read_csv(reports / "pixel_classification.class_scores.csv")
    rare = table[table["class"] == "rare"]
    assert rare["arm"].tolist() == ["no honest score: labels in 1 of 5 folds"]
    assert rare["f1"].isna().all()
    assert set(table["class"]) == {"Void", "meadow", "rare"}


def test_fields_in_too_few_blocks_end_in_words_and_not_in_numbers(project, scored):
    few = write_fields(
        project / "few.gpkg",
        [box(3, 3, 12, 12), box(3, 90, 12, 12), box(90, 3, 12, 12)],
        ["a", "b", "a"],
    )
    with pytest.raises(
        ValueError, match=r"no honest score can be given.*a in 1 of 5 folds, b in 1"
    ):
        run(project, labels=str(few), label_column="crop")
