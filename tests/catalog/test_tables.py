"""What stages write: whole files are Kedro's own, damage and full disks are told with a remedy."""

import errno
import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from cases.damage import CONTENT, PLACE, limited
from kedro.io import DatasetError
from kedro_datasets.matplotlib import MatplotlibDataset
from kedro_mlflow.io.artifacts import MlflowArtifactDataset

from pimc.catalog.tables import CSVTable, FigureFile, JSONFile, ParquetTable, TextFile

TABLE = pd.DataFrame({"patch": ["a", "b"], "row": [1, 2]})
KINDS = {
    "t.parquet": (ParquetTable, TABLE),
    "t.csv": (CSVTable, TABLE),
    "t.json": (JSONFile, {"a": [1, 2]}),
}
PAGES = {"t.html": (TextFile, "<p>a</p>"), "t.png": (FigureFile, plt.Figure(figsize=(1, 1)))}


@pytest.mark.parametrize("name", KINDS)
def test_what_is_whole_comes_back(tmp_path, name):
    kind, value = KINDS[name]
    dataset = kind(filepath=str(tmp_path / name))
    with pytest.raises(DatasetError, match=rf"{name}: expected a {name[2:]} file .*No such file"):
        dataset.load()
    dataset.save(value)
    loaded = dataset.load()
    if name == "t.csv":
        loaded = loaded[list(TABLE)]
    pd.testing.assert_frame_equal(pd.DataFrame(loaded), pd.DataFrame(value))


@pytest.mark.parametrize("damage", [*CONTENT, *PLACE])
@pytest.mark.parametrize("name", KINDS)
def test_damage_is_told_with_what_to_do(tmp_path, name, damage):
    kind, value = KINDS[name]
    path = tmp_path / name
    dataset = kind(filepath=str(path))
    dataset.save(value)
    {**CONTENT, **PLACE}[damage](path)
    try:
        with limited(pipes=[path]):
            dataset.load()
    except DatasetError as error:
        message = str(error)
    else:  # another text is a table too
        return
    assert message.startswith(f"{path}: expected a {name[2:]} file")
    assert "; remove it, then run" in message or "; put the file itself there" in message


def test_pages_and_figures_are_those_of_kedro(tmp_path):
    figure = PAGES["t.png"][1]
    FigureFile(filepath=str(tmp_path / "t.png"), save_args={"dpi": 40}).save(figure)
    MatplotlibDataset(filepath=str(tmp_path / "k.png"), save_args={"dpi": 40}).save(figure)
    ours, theirs = (plt.imread(io.BytesIO((tmp_path / f"{n}.png").read_bytes())) for n in "tk")
    np.testing.assert_array_equal(ours, theirs)
    page = TextFile(filepath=str(tmp_path / "t.html"))
    page.save("é")
    assert page.load() == "é"


def wrapped(kind, path):
    """As the catalog has tables and figures: the run of MLflow gets a copy."""
    dataset = {"type": f"{kind.__module__}.{kind.__name__}", "filepath": str(path)}
    return MlflowArtifactDataset(dataset=dataset, artifact_path="figures")


@pytest.mark.parametrize("make", [lambda kind, path: kind(filepath=str(path)), wrapped])
@pytest.mark.parametrize("name", [*KINDS, *PAGES])
def test_a_full_disk_is_told_with_its_path(tmp_path, name, make):
    kind, value = {**KINDS, **PAGES}[name]
    path = tmp_path / name
    path.symlink_to("/dev/full")
    with pytest.raises(DatasetError, match=rf"no room for {path}: .*; make room"):
        make(kind, path).save(value)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("name", [*KINDS, *PAGES])
def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch, name, number):
    kind, value = {**KINDS, **PAGES}[name]
    dataset = wrapped(kind, tmp_path / name)

    def closed(*_, **__):
        raise OSError(number, "closed")

    monkeypatch.setattr(type(dataset._fs), "open", closed)
    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(DatasetError, match=rf"cannot write {tmp_path / name}: .*change its rights"):
        dataset.save(value)
