import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from pimc.catalog.array import NpyArray
from pimc.catalog.record import RECORD, Record
from pimc.signal.calendar import CalendarOptions
from pimc.signal.series_axes import SeriesAxes
from pimc.signal.sharded_array import ShardedArray


@dataclass(frozen=True, eq=False)
class Made:
    """A dataclass with a field of every form."""

    series: np.ndarray
    drawn: np.ndarray
    pixels: pd.DataFrame
    frames: ShardedArray
    axes: SeriesAxes
    names: list[str]


SERIES = np.arange(6, dtype=np.float32).reshape(2, 3)
PIXELS = pd.DataFrame({"patch": ["a", "b"], "row": [3, 4]})
AXES = SeriesAxes(("NDVI",), CalendarOptions(length=9))


@pytest.fixture
def made(tmp_path):
    whole = NpyArray(str(tmp_path / "index_series.npy"))
    whole.save(SERIES)
    np.save(tmp_path / "frames.npy", np.arange(8, dtype=np.int16).reshape(2, 1, 2, 2))
    shard = np.memmap(tmp_path / "frames.npy", np.int16, "r", offset=128, shape=(2, 1, 2, 2))
    frames = ShardedArray([shard], -1, ["B04"])
    return Made(whole.load(), SERIES[:, 1:], PIXELS, frames, AXES, ["here"])


def record(folder, kind="test_record.Made"):
    return Record(str(folder / "made"), kind)


def test_every_field_comes_back(made, tmp_path):
    record(tmp_path).save(made)
    back = record(tmp_path).load()
    np.testing.assert_array_equal(back.series, SERIES)
    np.testing.assert_array_equal(back.drawn, SERIES[:, 1:])
    pd.testing.assert_frame_equal(back.pixels, PIXELS)
    assert back.frames[1].tolist() == [[[4, 5], [6, 7]]]
    assert (back.frames.bands, back.frames.fill) == (("B04",), -1)
    assert (back.axes, back.names) == (AXES, ["here"])


def test_a_map_of_a_whole_file_is_named_and_a_part_of_it_is_written(made, tmp_path):
    part = Made(made.series, made.series[:1], PIXELS, made.frames, AXES, [])
    record(tmp_path).save(part)
    entries = json.loads((tmp_path / "made" / RECORD).read_text())
    assert entries["series"]["array"]["file"] == "../index_series.npy"
    assert entries["drawn"]["array"]["file"] == "drawn.npy"
    np.testing.assert_array_equal(record(tmp_path).load().drawn, SERIES[:1])


def test_a_save_that_was_cut_leaves_no_record(made, tmp_path):
    record(tmp_path).save(made)
    spoilt = Made(made.series, made.drawn, PIXELS, ShardedArray([SERIES]), AXES, [])
    with pytest.raises(DatasetError, match="expected memory-mapped shards"):
        record(tmp_path).save(spoilt)
    assert not record(tmp_path).exists()


def test_a_record_of_other_fields_is_refused(made, tmp_path):
    record(tmp_path).save(made)
    with pytest.raises(DatasetError, match=r"holds series, drawn, .* expected indices, calendar"):
        record(tmp_path, "pimc.signal.series_axes.SeriesAxes").load()


def test_the_preview_tells_shapes_and_facts(made, tmp_path):
    record(tmp_path).save(made)
    shown = json.loads(record(tmp_path).preview())
    assert shown["series"] == {"shape": [2, 3], "dtype": "float32"}
    assert shown["pixels"] == {"rows": 2, "columns": ["patch", "row"]}
    assert shown["axes"]["indices"] == ["NDVI"]


def test_a_file_that_was_written_since_is_refused(made, tmp_path):
    record(tmp_path).save(made)
    NpyArray(str(tmp_path / "index_series.npy")).save(SERIES[::-1])
    with pytest.raises(DatasetError, match=r"index_series.npy was written since .* Make made anew"):
        record(tmp_path).load()
