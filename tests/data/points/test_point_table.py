"""Tables of pixel series as npz and parquet."""

import numpy as np
import pandas as pd
import pytest

from pimc.data.patch import FILL
from pimc.data.points.table import read_npz, read_parquet, to_days, to_reflectance


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "pixel": ["b", "a", "a", "b"],
            "date": ["2021-05-11", "2021-05-01", "2021-05-06", "2021-05-01"],
            "lon": [9.5, 9.1, 9.1, 9.5],
            "lat": [45.2, 45.1, 45.1, 45.2],
            "label": ["rice", "corn", "corn", "rice"],
            "B08": [3000, 2000.4, np.nan, 1000],
            "B04": [300, 0, 200, FILL],
        }
    )


def read(frame, folder):
    frame.to_parquet(folder / "points.parquet")
    return read_parquet(folder / "points.parquet")


def test_long_rows_become_series_of_the_dates_of_any_pixel(frame, tmp_path):
    table = read(frame, tmp_path)
    assert table.bands == ("B04", "B08")
    assert table.dates.astype(str).tolist() == ["2021-05-01", "2021-05-06", "2021-05-11"]
    assert table.reflectance.tolist() == [
        [[FILL, 2000], [200, FILL], [FILL, FILL]],
        [[FILL, 1000], [FILL, FILL], [300, 3000]],
    ]
    assert table.lonlat.tolist() == [[9.1, 45.1], [9.5, 45.2]]
    assert table.labels.tolist() == ["corn", "rice"]
    assert table.regions.tolist() == ["points", "points"]


def test_dates_may_be_timestamps_and_labels_codes_or_absent(frame, tmp_path):
    frame["date"] = pd.to_datetime(frame["date"])
    frame["label"] = [7, 3, 3, 7]
    frame["region"] = "po"
    table = read(frame, tmp_path)
    assert table.labels.tolist() == [3, 7]
    assert np.issubdtype(table.labels.dtype, np.integer)
    assert table.regions.tolist() == ["po", "po"]
    assert str(table.dates[2]) == "2021-05-11"
    assert read(frame.drop(columns="label"), tmp_path).labels is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="lat"), r"points.parquet: lat missing; it has pixel, date, lon"),
        (lambda f: f.drop(columns=["B04", "B08"]), r"no band among its columns \(pixel, date"),
        (lambda f: pd.concat([f, f[:1]]), "two rows of one pixel and date"),
        (lambda f: f.assign(lon=[9.5, 9.1, 9.2, 9.5]), "pixel a has more than one position"),
        (lambda f: f.assign(lon=[9.5, np.nan, np.nan, 9.5]), "lonlat must be finite"),
        (
            lambda f: f.assign(B04=0.03, B08=0.4),
            "expected reflectance x 10,000, got values in 0..1",
        ),
    ],
)
def test_malformed_parquet_is_an_error(frame, tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        read(change(frame), tmp_path)


def save(folder, **changes):
    arrays = {
        "reflectance": np.ones((2, 3, 1), np.int16),
        "bands": np.array(["B04"]),
        "lonlat": np.zeros((2, 2)),
    }
    path = folder / "points.npz"
    np.savez(path, **{k: v for k, v in (arrays | changes).items() if v is not None})
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lonlat": None}, r"points.npz: lonlat missing; it has reflectance, bands"),
        ({"lonlat": np.zeros((3, 2))}, r"lonlat must have shape \(2, 2\), .*; got \(3, 2\)"),
        ({"bands": np.array(["B04", "B08"])}, r"bands must have shape \(1,\), .* got \(2,\)"),
        ({"label": np.array(["corn"])}, r"labels must have shape \(2,\), .* got \(1,\)"),
        ({"label": np.array(["corn", None])}, "expected an npz of plain arrays"),
        ({"reflectance": np.ones((2, 3), np.int16)}, "reflectance must be pixels x dates x bands"),
        ({"dates": np.array(["2021-01-01", "2020-01-01", "2021-03-01"])}, "must increase strictly"),
        ({"dates": np.array(["2021-01-01"])}, r"dates must have shape \(3,\), .* got \(1,\)"),
    ],
)
def test_malformed_npz_is_an_error(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        read_npz(save(tmp_path, **changes), "2021-01-01", 10)


def test_an_npz_without_dates_needs_a_start(tmp_path):
    with pytest.raises(ValueError, match=r"points.npz has no dates: give start"):
        read_npz(save(tmp_path), None, 10)


def test_a_truncated_npz_is_named(tmp_path):
    path = save(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"points.npz: expected an npz of plain arrays"):
        read_npz(path, "2021-01-01", 10)


@pytest.mark.parametrize(
    "dates",
    [
        ["2021-05-01", "2021-05-06"],
        ["20210501", "20210506"],
        [20210501, 20210506],
        np.array(["2021-05-01T11:30", "2021-05-06"], "datetime64[s]"),
    ],
)
def test_dates_in_every_spelling(dates, tmp_path):
    days = to_days(np.asarray(dates), tmp_path)
    assert days.dtype == "datetime64[D]"
    assert days.astype(str).tolist() == ["2021-05-01", "2021-05-06"]


def test_dates_that_are_none_are_an_error(tmp_path):
    with pytest.raises(ValueError, match="dates must be ISO dates or YYYYMMDD"):
        to_days(np.array(["spring", "summer"]), tmp_path)


def test_a_broken_parquet_is_named(tmp_path):
    (tmp_path / "points.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"points.parquet: not a readable parquet file"):
        read_parquet(tmp_path / "points.parquet")


def test_values_become_int16_with_one_fill(tmp_path):
    values = np.array([0, FILL, np.nan, -12.6, 999.5, 40_000, -40_000])
    assert to_reflectance(values, tmp_path).tolist() == [
        FILL,
        FILL,
        FILL,
        -13,
        1000,
        32_767,
        -32_767,
    ]
    assert to_reflectance(np.array([0, 1, 40_000]), tmp_path).tolist() == [FILL, 1, 32_767]
