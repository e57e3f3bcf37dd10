"""Values that no reader should take: the constructors that all readers share refuse them."""

from pathlib import Path

import numpy as np
import pytest

from pimc.data.patch import Georeference, Patch
from pimc.data.points.table import PointTable
from pimc.data.points.values import to_reflectance
from pimc.data.stack.offsets import check_offset

DAYS = np.array(["2021-05-01", "2021-05-11", "2021-05-21"], "datetime64[D]")
BAD_DAYS = [
    np.array(["0001-01-01", "2021-05-11", "2021-05-21"], "datetime64[D]"),
    np.array(["1970-01-01", "1970-01-02", "1970-01-03"], "datetime64[D]"),
    np.array(["2021-05-01", "2021-05-11", "2100-01-01"], "datetime64[D]"),
    np.array(["2021-05-01", "2021-05-11", "NaT"], "datetime64[D]"),
]


def patch(dates=DAYS, bands=("B04", "B08")):
    cube = np.zeros((len(dates), 2, 4, 4), np.int16)
    return Patch("p", cube, dates, bands, "place", np.ones((4, 4), np.uint8))


def table(dates=DAYS, bands=("B04", "B08"), lonlat=((1.0, 2.0), (3.0, 4.0))):
    values, regions = np.zeros((2, len(dates), 2), np.int16), np.array(["a", "b"])
    return PointTable(values, dates, bands, np.array(lonlat), regions, None, Path("x.npz"))


@pytest.mark.parametrize("make", [patch, table])
def test_what_is_right_passes(make):
    make()


@pytest.mark.parametrize("dates", BAD_DAYS)
@pytest.mark.parametrize("make", [patch, table])
def test_days_without_satellites(make, dates):
    with pytest.raises(ValueError, match=r"(patch p|x\.npz): dates must lie between 1972-07-23 "):
        make(dates=dates)


@pytest.mark.parametrize("make", [patch, table])
def test_bands_of_one_name(make):
    with pytest.raises(ValueError, match=r"each band must be there once, got B08 twice"):
        make(bands=("B08", "B08"))


@pytest.mark.parametrize("value", [1e300, -1e300, np.inf, np.nan, 181.0])
def test_positions_off_the_earth(value):
    with pytest.raises(ValueError, match=r"x\.npz: (expected longitudes|lonlat must be finite)"):
        table(lonlat=((1.0, 2.0), (value, 4.0)))


@pytest.mark.parametrize("kind", [complex, bool, object, "U4", "M8[D]"])
def test_reflectance_of_no_real_numbers(kind):
    with pytest.raises(ValueError, match=r"reflectance must be real numbers, got"):
        to_reflectance(np.zeros((2, 3, 2)).astype(kind), Path("x.npz"), 10_000)


@pytest.mark.parametrize("offset", [10**9, -(10**5), 1.5, True, "1000", {"place": 10**9}])
def test_offsets_further_than_reflectance_goes(offset):
    with pytest.raises(ValueError, match="offset must be whole numbers"):
        check_offset(offset)


@pytest.mark.parametrize(
    "transform",
    [
        (np.nan, 0.0, 0.0, 0.0, -10.0, 0.0),
        (10.0, 0.0, np.inf, 0.0, -10.0, 0.0),
        (0.0, 0.0, 0.0, 0.0, -10.0, 0.0),
        (1.0, 2.0, 0.0, 2.0, 4.0, 0.0),
    ],
)
def test_grids_without_cells(transform):
    with pytest.raises(ValueError, match="the affine transform of a grid"):
        Georeference("EPSG:32631", transform)
