"""Sessions on a table of pixels, which has no images."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from cases.sessions import TINY, run
from kedro.io import DatasetError

from pimc.model.storage import load_encoder

PIXEL_PARAMETERS = Path(__file__).parents[2] / "conf/base/parameters_pixel_classification.yml"


def write_points(path):
    """Two classes with seasons of their own, 20 pixels in each of 10 blocks of ground."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 200)
    season = np.sin(np.linspace(0, np.pi, 36)) * (0.5 + 0.5 * label[:, None])
    reflectance = np.full((200, 36, 10), 0.1) + rng.normal(0, 0.003, (200, 36, 10))
    reflectance[..., 6] += 0.4 * season  # B08
    longitude = -120 + 0.25 * np.repeat(np.arange(10), 20) + rng.random(200) * 0.2
    np.savez(
        path,
        reflectance=(10_000 * reflectance).astype(np.int16),
        bands=["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"],
        lonlat=np.stack([longitude, np.full(200, 36.1)], axis=1),
        label=np.array(["corn", "rice"])[label],
    )


def test_series_without_images_train_a_series_encoder_alone(project, tmp_path):
    write_points(tmp_path / "points.npz")
    parameters = {**TINY, "root": str(tmp_path / "points.npz")}
    parameters = {k: v for k, v in parameters.items() if k not in ("patches", "size", "sampling")}
    run(project, "points", pipeline="pretrain", **parameters)
    models = project / "data/06_models/points"
    encoder = load_encoder(models / "series_encoder")
    assert encoder.config.calendar.length == 36
    assert not (models / "image_encoder").exists()
    retrieval = pd.read_csv(project / "data/08_reporting/points/retrieval.csv")
    assert set(retrieval["direction"]) == {"series_to_view", "view_to_series"}
    with pytest.raises(DatasetError, match="this environment reads that"):
        run(project, "points", pipeline="pretrain", encoder=str(tmp_path / "encoder"), **parameters)
    assert not (tmp_path / "encoder").exists()


def test_embeddings_of_others_and_all_bands_stand_in_the_table_of_a_table_of_pixels(
    project, tmp_path
):
    write_points(tmp_path / "points.npz")
    with np.load(tmp_path / "points.npz") as points:
        order = np.random.default_rng(1).permutation(200)  # blocks do not follow each other
        given = {name: points[name] for name in points.files}
    given |= {name: given[name][order] for name in ("reflectance", "lonlat", "label")}
    np.savez(tmp_path / "points.npz", **given)
    # one number tells the class: in the order of blocks it would be no better than a guess
    told = (given["label"] == "rice").astype(np.float16)
    np.savez(tmp_path / "theirs.npz", embedding=np.stack([told, 1 - told], axis=1))
    peer = {"kind": "linear", "input": "embeddings", "file": str(tmp_path / "theirs.npz")}
    bands = {"kind": "linear", "input": "bands"}
    shipped = yaml.safe_load(PIXEL_PARAMETERS.read_text())["pixel_classification"]
    options = {
        "encoders": "catalog",
        "arms": {**dict.fromkeys(shipped["arms"]), "theirs": peer, "logistic_bands": bands},
        "references": ["theirs"],
        "efforts": {"quick": {"budgets": {"shots_5": {"draws": 1}, "shots_20": None}}},
        "resamples": 50,
    }
    table = str(tmp_path / "points.npz")
    run(project, "points", "pixel_classification", root=table, pixel_classification=options)
    scores = pd.read_csv(project / "data/08_reporting/points/pixel_classification.scores.csv")
    assert set(scores["arm"]) == {"theirs", "logistic_bands"}
    theirs = scores[(scores["arm"] == "theirs") & (scores["score"] == "accuracy")]
    assert set(theirs["pretraining"]) == {"unknown"} and (theirs["value"] == 1).all()
    np.savez(tmp_path / "theirs.npz", embedding=np.ones((199, 2), np.float32))
    with pytest.raises(ValueError, match=r"it must have a row for each of the 200 .*; got 199"):
        run(project, "points", "pixel_classification", root=table, pixel_classification=options)
