"""Longitudes and latitudes of pixels."""

import numpy as np
import pytest

from pimc.data.points.positions import check_degrees, to_degrees


@pytest.mark.parametrize(
    ("lonlat", "message"),
    [
        ([[5e5, 4.8e6]], r"got lon 500000, lat 4.8e\+06 \(1 of 2 .* metres \(easting"),
        ([[1.6e6, 5.3e6]], "metres or feet: state their CRS in `crs`"),
        ([[-1.2e7, 4.5e6]], r"metres \(as of Web Mercator, EPSG:3857\) or feet"),
        ([[268.3, 35.0]], "longitudes of 0..360: subtract 360"),
        ([[35.0, -119.5]], "latitude and longitude look swapped"),
        ([[3.0, 95.0]], "latitude and longitude look swapped"),
        ([[-9999.0, -9999.0]], "drop them, or correct them"),
        ([[np.nan, 4.0]], "lonlat must be finite"),
        ([[np.inf, 4.0]], "lonlat must be finite"),
    ],
)
def test_what_are_no_degrees_is_named(lonlat, message):
    with pytest.raises(ValueError, match=message):
        check_degrees(np.array([[3.0, 43.0], *lonlat]), "points.npz")


def test_the_ends_of_the_degrees_are_taken():
    check_degrees(np.array([[-180.0, -90.0], [180.0, 90.0]]), "points.npz")


def test_coordinates_of_a_crs_become_degrees():
    # one degree of longitude is 111,319.49 m on Web Mercator's sphere
    assert to_degrees(np.array([[111_319.49, 0.0]]), "EPSG:3857", "f") == pytest.approx(
        np.array([[1.0, 0.0]]), abs=1e-6
    )
    degrees = np.array([[3.0, 43.0]])
    assert to_degrees(degrees, "EPSG:4326", "f") is degrees
    with pytest.raises(ValueError, match="CRS EPSG:999999 cannot be read"):
        to_degrees(degrees, "EPSG:999999", "f")
