"""Tables of pixel series as npz."""

import numpy as np
import pytest

from pimc.data.patch import FILL
from pimc.data.points.arrays import read_npz
from pimc.data.points.options import PointOptions

OPTIONS = PointOptions(path="", start="2021-01-01", step=10)


def save(folder, **changes):
    arrays = {
        "reflectance": np.full((2, 3, 1), 1000, np.int16),
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
        ({"lonlat": np.zeros(2)}, r"lonlat must have shape \(2, 2\), .*; got \(2,\)"),
        ({"bands": np.array(["B04", "B08"])}, r"bands must have shape \(1,\), .* got \(2,\)"),
        ({"label": np.array(["corn"])}, r"labels must have shape \(2,\), .* got \(1,\)"),
        ({"label": np.array(["corn", None])}, "expected an npz of plain arrays"),
        ({"reflectance": np.ones((2, 3), np.int16)}, "reflectance must be pixels x dates x bands"),
        ({"reflectance": np.full((2, 3, 1), "red")}, "reflectance must be real numbers, got <U3"),
        ({"dates": np.array(["2021-01-01", "2020-01-01", "2021-03-01"])}, "must increase strictly"),
        ({"dates": np.array(["2021-01-01T10", "2021-01-01T11", "2021-03-01"])}, "one a day, got"),
        ({"dates": np.array(["2021-01-01"])}, r"dates must have shape \(3,\), .* got \(1,\)"),
        ({"dates": np.full((2, 3), "2021-01-01")}, r"dates must be a list, got shape \(2, 3\)"),
        ({"SCL": np.zeros((2, 2))}, r"SCL must be pixels x dates, \(2, 3\), got \(2, 2\)"),
        ({"lonlat": np.full((2, 2), 5e5)}, "look like metres"),
    ],
)
def test_malformed_npz_is_an_error(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        read_npz(save(tmp_path, **changes), OPTIONS)


def test_an_npz_without_dates_needs_a_start(tmp_path):
    with pytest.raises(ValueError, match=r"points.npz has no dates: give start"):
        read_npz(save(tmp_path), PointOptions(path=""))


def test_a_truncated_npz_is_named(tmp_path):
    path = save(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"points.npz: expected an npz of plain arrays"):
        read_npz(path, OPTIONS)


def test_a_stated_crs_places_the_pixels(tmp_path):
    # 500,000 m east is the central meridian of a UTM zone, 3 degrees east in zone 31
    metres = np.array([[5e5, 0.0], [5e5, 0.0]])
    table = read_npz(save(tmp_path, lonlat=metres, crs=np.array("EPSG:32631")), OPTIONS)
    np.testing.assert_allclose(table.lonlat, [[3, 0], [3, 0]], atol=1e-9)
    given = read_npz(
        save(tmp_path, lonlat=metres), PointOptions("", start="2021-01-01", crs="EPSG:32632")
    )
    np.testing.assert_allclose(given.lonlat, [[9, 0], [9, 0]], atol=1e-9)


def test_a_quality_flag_fills_what_is_not_clear(tmp_path):
    flags = np.array([[4, 9, 5], [8, 4, 3]])
    table = read_npz(save(tmp_path, SCL=flags), OPTIONS)
    assert table.reflectance[..., 0].tolist() == [[1000, FILL, 1000], [FILL, 1000, FILL]]
    assert table.missing["not clear"] == 3
    assert table.unread == ()
