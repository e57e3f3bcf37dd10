"""Files of embeddings that others made: two in two dimensions, as npz and parquet."""

import numpy as np
import pandas as pd
import pytest

from pimc.data.embeddings import read_embeddings

VALUES = np.array([[0.5, -1.0], [2.0, 0.25]], np.float16)


def npz(folder, **entries):
    path = folder / "theirs.npz"
    np.savez(path, **{"embedding": VALUES, **entries})
    return path


def parquet(folder, **columns):
    path = folder / "theirs.parquet"
    pd.DataFrame(columns).to_parquet(path)
    return path


def test_an_npz_without_keys_is_taken_as_it_is(tmp_path):
    table = read_embeddings(npz(tmp_path, source=np.array("presto")))
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.values.dtype == np.float16 and len(table) == 2
    assert dict(table.keys) == {} and table.unread == ("source",)


def test_keys_of_an_npz_are_read_by_name(tmp_path):
    table = read_embeddings(npz(tmp_path, id=["b", "a"], lonlat=[[1.0, 2.0], [3.0, 4.0]]))
    assert {name: key.tolist() for name, key in table.keys.items()} == {
        "id": ["b", "a"],
        "lon": [1, 3],
        "lat": [2, 4],
    }


@pytest.mark.parametrize(
    "columns",
    [
        {"embedding": list(VALUES.astype(np.float32))},
        {"A01": VALUES[:, 1].astype(float), "A00": VALUES[:, 0].astype(float)},
        {"embedding_1": VALUES[:, 0].astype(float), "embedding_2": VALUES[:, 1].astype(float)},
    ],
)
def test_parquet_holds_lists_or_a_column_a_dimension(tmp_path, columns):
    table = read_embeddings(parquet(tmp_path, **columns, id=[7, 8], crop=["corn", "rice"]))
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.keys["id"].tolist() == [7, 8] and table.unread == ("crop",)


def test_ten_dimensions_are_in_the_order_of_their_numbers(tmp_path):
    columns = {f"e{number}": [float(number)] for number in (10, 2, 1, 3, 4, 5, 6, 7, 8, 9)}
    table = read_embeddings(parquet(tmp_path, **columns))
    assert table.values[0].tolist() == list(range(1, 11))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"embedding": np.ones((2, 3, 4))}, r"must be pixels x dimensions, got shape \(2, 3, 4\)"),
        ({"embedding": np.ones(2)}, r"must be pixels x dimensions, got shape \(2,\)"),
        ({"embedding": np.ones((0, 2))}, r"must be pixels x dimensions, got shape \(0, 2\)"),
        ({"embedding": np.ones((2, 2), np.int8)}, "must be floats, got int8: .* apply it first"),
        ({"embedding": np.array([["a", "b"]])}, "must be floats, got <U1"),
        ({"embedding": np.array([[1.0, None]])}, "expected an npz of plain arrays, got .*pickle"),
        ({"id": np.array(["a", None])}, "expected an npz of plain arrays, got .*pickle"),
        ({"id": np.array(["a"])}, r"id must have one value for each of 2 rows .* shape \(1,\)"),
        ({"lonlat": np.zeros((2, 3))}, r"lonlat must be pixels x 2, got shape \(2, 3\)"),
        ({"row": [0, 1]}, "patch, row, col name a pixel together, got row alone"),
        ({"lon": [0.0, 1.0]}, "lon, lat name a pixel together, got lon alone"),
    ],
)
def test_another_npz_is_refused(tmp_path, entries, message):
    with pytest.raises(ValueError, match=f"theirs.npz: .*{message}"):
        read_embeddings(npz(tmp_path, **entries))


FLOATS = {"A00": [0.5, 2.0], "A01": [-1.0, 0.25]}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"embedding": [[1.0], [1.0, 2.0]]},
            "each embedding must have the same length, got 1 to 2",
        ),
        ({"embedding": [[1.0], None]}, "1 of 2 rows have no embedding"),
        ({"embedding": [1.0, 2.0]}, "embedding must be lists of floats, got double"),
        ({"embedding": [["a"], ["b"]]}, "embedding must be floats, got object"),
        ({**FLOATS, "B0": [1.0, 2.0]}, r"numbered columns of several names \(A, B\); it has A00,"),
        ({"id": [1, 2]}, r"expected a column embedding .*, got none; it has id"),
        ({"A00": [1.0], "A02": [1.0]}, "counted from 0 or 1, got 2 of A00 to A02"),
        ({"A2": [1.0], "A3": [1.0]}, "counted from 0 or 1, got 2 of A2 to A3"),
        ({"A0": [1, 2]}, "must be floats, got int64"),
    ],
)
def test_another_parquet_is_refused(tmp_path, columns, message):
    with pytest.raises(ValueError, match=f"theirs.parquet: .*{message}"):
        read_embeddings(parquet(tmp_path, **columns))


def test_no_file_and_other_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file of embeddings at .*nowhere.npz"):
        read_embeddings(tmp_path / "nowhere.npz")
    for name, message in {
        "a.csv": "expected embeddings as .npz or .parquet",
        "a.npz": "expected an npz of plain arrays",
        "a.parquet": "expected a parquet file, got .*again",
    }.items():
        (tmp_path / name).write_text("embedding")
        with pytest.raises(ValueError, match=message):
            read_embeddings(tmp_path / name)
    np.savez(tmp_path / "b.npz", features=VALUES)
    with pytest.raises(ValueError, match=r"b.npz: embedding missing; it has features"):
        read_embeddings(tmp_path / "b.npz")
