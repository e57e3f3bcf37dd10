"""Tables between stages: whole ones are Kedro's own, damaged ones are told with what to do."""

import pandas as pd
import pytest
from cases.damage import CONTENT, PLACE, limited
from kedro.io import DatasetError

from pimc.catalog.tables import CSVTable, JSONFile, ParquetTable

TABLE = pd.DataFrame({"patch": ["a", "b"], "row": [1, 2]})
KINDS = {
    "t.parquet": (ParquetTable, TABLE),
    "t.csv": (CSVTable, TABLE),
    "t.json": (JSONFile, {"a": [1, 2]}),
}


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


@pytest.mark.parametrize("name", KINDS)
def test_a_full_disk_is_told_with_its_path(tmp_path, name):
    kind, value = KINDS[name]
    path = tmp_path / name
    path.symlink_to("/dev/full")
    with pytest.raises(DatasetError, match=rf"no room for {path}: .*; make room"):
        kind(filepath=str(path)).save(value)
