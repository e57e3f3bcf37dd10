"""Tables of pixel series in the long form: parquet and CSV."""

import numpy as np
import pandas as pd
import pytest

from pimc.data.patch import FILL
from pimc.data.points.long import read_long
from pimc.data.points.options import PointOptions


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


def read(frame, folder, **options):
    frame.to_parquet(folder / "points.parquet")
    return read_long(folder / "points.parquet", PointOptions(path="", **options))


def read_csv(frame, folder, name="points.csv", options=None, **writing):
    frame.to_csv(folder / name, index=False, **writing)
    return read_long(folder / name, PointOptions(path="", **(options or {})))


def same(table, other):
    np.testing.assert_array_equal(table.reflectance, other.reflectance)
    np.testing.assert_array_equal(table.dates, other.dates)
    np.testing.assert_array_equal(table.lonlat, other.lonlat)
    np.testing.assert_array_equal(table.labels, other.labels)
    assert table.bands == other.bands


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
    assert table.missing == {
        "not finite": 1,
        "no data (0, -32768)": 2,
        "no possible reflectance": 0,
    }


def test_dates_may_be_timestamps_and_labels_codes_or_absent(frame, tmp_path):
    frame["date"] = pd.to_datetime(frame["date"]).dt.tz_localize("Europe/Paris")
    frame["label"] = [7, 3, 3, 7]
    frame["region"] = "po"
    table = read(frame, tmp_path)
    assert table.labels.tolist() == [3, 7]
    assert np.issubdtype(table.labels.dtype, np.integer)
    assert table.regions.tolist() == ["po", "po"]
    assert str(table.dates[2]) == "2021-05-11"
    assert read(frame.drop(columns="label"), tmp_path).labels is None


@pytest.mark.parametrize("name", ["points.csv", "points.csv.gz"])
@pytest.mark.parametrize(
    "writing",
    [{}, {"sep": ";"}, {"sep": "\t"}, {"encoding": "utf-8-sig"}, {"lineterminator": "\r\n"}],
)
def test_a_csv_reads_as_the_parquet(frame, tmp_path, name, writing):
    same(read_csv(frame, tmp_path, name, **writing), read(frame, tmp_path))


def test_ids_dates_and_labels_of_a_csv_stay_what_they_are(frame, tmp_path):
    ids = frame.assign(pixel=["01", "1", "1", "01"], date=frame["date"].str.replace("-", ""))
    table = read_csv(ids, tmp_path)
    assert table.lonlat.tolist() == [[9.5, 45.2], [9.1, 45.1]]  # "01" before "1"
    assert table.dates.astype(str).tolist() == ["2021-05-01", "2021-05-06", "2021-05-11"]
    numbers = frame.assign(pixel=[10, 9, 9, 10], label=[7, 3, 3, 7])
    same(read_csv(numbers, tmp_path), read(numbers, tmp_path))
    named = read_csv(frame.assign(label=["None", "NA", "NA", "None"]), tmp_path)
    assert named.labels.tolist() == ["NA", "None"]


def test_columns_of_other_names_are_mapped(frame, tmp_path):
    expected = read(frame, tmp_path)
    names = {"pixel": "parcel", "date": "day", "lon": "x", "lat": "y", "label": "crop"}
    other = frame.rename(columns=names | {"B04": "red", "B08": "b8"}).assign(B02=0.5, hcat=1)
    columns = {"id": "parcel", "date": "day", "lon": "x", "lat": "y", "label": "crop"}
    table = read(other.drop(columns="B02"), tmp_path, columns=columns | {"B04": "red"})
    same(table, expected)
    assert table.unread == ("hcat",)
    # a name that is given wins over one that is known
    swapped = other.drop(columns="B02").assign(B04=other["b8"])
    table = read(swapped, tmp_path, columns=columns | {"B04": "red"})
    assert table.unread == ("hcat", "B04")
    same(table, expected)


def test_one_column_may_be_two_things(frame, tmp_path):
    table = read(
        frame.drop(columns=["lon", "lat"]), tmp_path, columns={"id": "pixel", "block": "pixel"}
    )
    assert table.blocks.tolist() == ["a", "b"]
    assert table.lonlat is None


def test_what_a_quality_flag_leaves_out_is_missing(frame, tmp_path):
    flagged = frame.assign(flag=[0, 2, 0, 1])
    table = read(flagged, tmp_path, columns={"quality": "flag"})
    assert table.reflectance[..., 1].tolist() == [[FILL, FILL, FILL], [FILL, FILL, 3000]]
    assert table.reflectance[..., 0].tolist() == [[FILL, 200, FILL], [FILL, FILL, 300]]
    assert table.missing["not clear"] == 2
    found = read(flagged.rename(columns={"flag": "CLOUD"}), tmp_path)
    np.testing.assert_array_equal(found.reflectance, table.reflectance)
    shares = read(
        frame.assign(p=[0, 60, 20, 99]), tmp_path, columns={"quality": "p"}, cloudy_above=40
    )
    np.testing.assert_array_equal(shares.reflectance, table.reflectance)


def test_rows_of_one_day_are_merged_by_validity(frame, tmp_path):
    expected = read(frame, tmp_path)
    parts = [frame.assign(B04=np.nan), frame.assign(B08=np.nan), frame[:1]]
    same(read(pd.concat(parts), tmp_path), expected)
    # of two rows that differ the flag leaves one
    cloudy = frame[:1].assign(B04=9000, B08=9500)
    both = pd.concat([cloudy.assign(flag=1), frame.assign(flag=0)])
    same(read(both, tmp_path, columns={"quality": "flag"}), expected)
    # one day told at two times
    later = frame[:1].assign(date="2021-05-11T12:00", B04=301)
    with pytest.raises(
        ValueError, match=r"one pixel and date differ \(pixel b, 2021-05-11; 1 such"
    ):
        read(pd.concat([frame, later]), tmp_path)


def test_scale_no_data_and_crs_are_taken(frame, tmp_path):
    frame["B04"], frame["B08"] = [0.03, -1, 0.02, np.nan], [0.3, 0.2, -1, 0.1]
    frame["lon"], frame["lat"] = 5e5, 0.0
    table = read(frame, tmp_path, scale=1, no_data=(-1.0,), crs="EPSG:32632")
    assert table.reflectance.tolist() == [
        [[FILL, 2000], [200, FILL], [FILL, FILL]],
        [[FILL, 1000], [FILL, FILL], [300, 3000]],
    ]
    np.testing.assert_allclose(table.lonlat, [[9, 0], [9, 0]], atol=1e-9)


def test_types_of_pandas_and_categories_are_read(frame, tmp_path):
    expected = read(frame, tmp_path)
    frame["B04"] = frame["B04"].astype("Int32").mask(frame["B04"] == 0)
    frame["pixel"], frame["label"] = (
        frame["pixel"].astype("category"),
        frame["label"].astype("category"),
    )
    same(read(frame, tmp_path), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="lat"), r"points.parquet: lat missing; it has pixel, date, lon"),
        (lambda f: f.drop(columns=["lon", "lat"]), r"lon, lat missing; .* `columns`"),
        (lambda f: f.drop(columns=["B04", "B08"]), r"no band among its columns \(pixel, date"),
        (lambda f: f.assign(b4=1), "columns B04 and b4 both hold B04"),
        (lambda f: f.assign(B04=["1", "2", "x", "3"]), "B04 must be numbers .* got x"),
        (lambda f: f.assign(lon=[9.5, 9.1, 9.2, 9.5]), "pixel a has more than one position"),
        (lambda f: f.assign(lon=[9.5, np.nan, np.nan, 9.5]), "lonlat must be finite"),
        (lambda f: f.assign(lat=[45.2, 4.5e6, 4.5e6, 45.2]), "expected longitudes within"),
        (lambda f: f.assign(pixel=["a", None, "a", "b"]), "1 rows without a pixel id"),
        (lambda f: f.assign(date=["2021-05-01", None, "x", "y"]), "1 of 4 dates are missing"),
        (lambda f: f.assign(SCL=4, quality=0), "several quality flags"),
        (
            lambda f: f.assign(B04=0.03, B08=0.4),
            "expected reflectance x 10,000, got values in 0..1",
        ),
    ],
)
def test_malformed_parquet_is_an_error(frame, tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        read(change(frame), tmp_path)


def test_decimal_commas_and_unknown_columns_are_named(frame, tmp_path):
    with pytest.raises(ValueError, match=r"points.csv: B08 must be numbers .* got 3000,0"):
        read_csv(frame, tmp_path, sep=";", decimal=",")
    with pytest.raises(ValueError, match=r"points.csv: parcel missing; it has pixel, date"):
        read_csv(frame, tmp_path, options={"columns": {"id": "parcel"}})


@pytest.mark.parametrize("name", ["points.parquet", "points.csv.gz", "empty.csv"])
def test_a_broken_file_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"PAR1" if "points" in name else b"")
    with pytest.raises(ValueError, match=rf"{name}: expected a (CSV|parquet)"):
        read_long(tmp_path / name, PointOptions(path=""))
