"""Areas of classes with what the map's errors leave open, against the worked example."""

import numpy as np
import pandas as pd
import pytest
from rasterio.crs import CRS

from pimc.data.stack.grid import Grid
from pimc.mapping.area import adjust_area, confusion_of_features, pixel_hectares, tabulate_area
from pimc.mapping.head import HeldOut
from pimc.mapping.labelled import LabelledPixels

# Olofsson et al. 2014, table 8: deforestation, forest gain, stable forest, stable non-forest
CONFUSION = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]], float)
PIXELS = np.array([200_000, 150_000, 3_200_000, 6_450_000])
PIXEL_HECTARES = 0.09
NAMES = ("deforestation", "forest gain", "stable forest", "stable non-forest")


def test_the_worked_example_of_the_paper():
    area = adjust_area(CONFUSION, PIXELS / PIXELS.sum())
    np.testing.assert_allclose(area.mapped, [0.020, 0.015, 0.320, 0.645])
    adjusted = area.adjusted * PIXELS.sum()
    assert round(adjusted[0]) == 235_086 and np.isclose(area.adjusted.sum(), 1)
    # tables of the paper: accuracies with two digits
    np.testing.assert_allclose(area.users, [0.88, 0.73, 0.93, 0.96], atol=0.005)
    np.testing.assert_allclose(area.producers, [0.75, 0.85, 0.93, 0.96], atol=0.0055)


def test_its_table_gives_hectares_and_the_interval():
    table = tabulate_area(NAMES, PIXELS, PIXEL_HECTARES, CONFUSION).set_index("class")
    assert table.loc["deforestation", "mapped_ha"] == 18_000
    # as the paper states them: hectares, and half of their 95 % intervals
    assert round(table["adjusted_ha"]).tolist() == [21_158, 11_686, 285_770, 581_386]
    for half in (table["adjusted_ha"] - table["low_ha"], table["high_ha"] - table["adjusted_ha"]):
        assert round(half).tolist() == [6_158, 3_756, 15_510, 16_282]
    assert table["adjusted_ha"].sum() == pytest.approx(900_000)
    assert table["reference_features"].tolist() == [69, 56, 175, 340]
    assert (table["low_ha"] < table["adjusted_ha"]).all()


def slow_area(confusion, mapped):
    """Equations 9 and 10, cell by cell."""
    adjusted, deviation = [], []
    for k in range(len(mapped)):
        area = variance = 0.0
        for i, weight in enumerate(mapped):
            if weight == 0:
                continue
            n = sum(confusion[i])
            rate = confusion[i][k] / n
            area += weight * rate
            variance += weight**2 * rate * (1 - rate) / (n - 1)
        adjusted.append(area)
        deviation.append(variance**0.5)
    return adjusted, deviation


def test_shares_are_those_of_the_slow_reference():
    rng = np.random.default_rng(0)
    confusion = rng.uniform(1, 20, (5, 5))
    mapped = rng.dirichlet(np.ones(5))
    mapped[2] = 0  # a class that the map never gives
    area = adjust_area(confusion, mapped)
    adjusted, deviation = slow_area(confusion.tolist(), mapped.tolist())
    np.testing.assert_allclose(area.adjusted, adjusted)
    np.testing.assert_allclose(area.deviation, deviation)
    assert area.adjusted[2] > 0 and area.producers[2] == 0 and np.isnan(area.users[2])


def test_a_map_without_errors_is_what_it_counts():
    area = adjust_area(np.diag([5.0, 8.0]), np.array([0.25, 0.75]))
    np.testing.assert_array_equal(area.adjusted, [0.25, 0.75])
    np.testing.assert_array_equal(area.deviation, [0, 0])
    np.testing.assert_array_equal(area.users, [1, 1])


def test_ground_mapped_as_a_class_without_two_references_may_be_of_any():
    confusion = np.array([[5, 0, 0], [0, 1, 0], [1, 0, 4]], float)
    area = adjust_area(confusion, np.array([0.5, 0.1, 0.4]))
    np.testing.assert_allclose(area.adjusted, [0.5 + 0.4 / 5, 0.1, 0.4 * 4 / 5])
    np.testing.assert_array_equal(area.untold, [0, 0.1, 0])
    assert np.isnan(area.users[1]) and area.users[0] == 1
    table = tabulate_area(("a", "b", "c"), np.array([5, 1, 4]), 1.0, confusion)
    reach = 1.96 * 0.4 * np.sqrt(0.2 * 0.8 / 4)
    np.testing.assert_allclose(table["low_ha"], [10 * (0.58 - reach), 0, 10 * (0.32 - reach)])
    np.testing.assert_allclose(
        table["high_ha"], [10 * (0.58 + reach + 0.1), 1, 10 * (0.32 + reach + 0.1)]
    )


def test_without_references_nothing_is_adjusted():
    table = tabulate_area(("a", "b", "c"), np.array([5, 1, 4]), 0.01, None)
    np.testing.assert_allclose(table["mapped_ha"], [0.05, 0.01, 0.04])
    assert table[["adjusted_ha", "low_ha", "high_ha", "users_accuracy"]].isna().all(axis=None)
    assert table["reference_features"].isna().all()


def test_an_interval_stays_within_the_ground():
    table = tabulate_area(("a", "b"), np.array([990, 10]), 1, np.array([[3.0, 1], [1, 1]]))
    assert table["low_ha"].min() >= 0 and table["high_ha"].max() <= 1_000
    # 0.99 x 3/4 + 0.01 x 1/2, and 1.96 deviations of some 0.25 beyond it are more than there is
    assert table["adjusted_ha"].tolist() == pytest.approx([747.5, 252.5])
    assert table["high_ha"][0] == 1_000 and table["low_ha"][1] == 0


def test_each_feature_counts_one():
    pixels = pd.DataFrame(
        {
            "place": ["farm"] * 7 + ["hill"] * 2 + ["farm"],
            "parcel": [1, 1, 1, 1, 2, 2, 2, 1, 1, 9],
            "label": [3, 3, 3, 3, 5, 5, 5, 5, 5, 3],
        }
    )
    labelled = LabelledPixels(pixels, np.zeros((10, 1), np.float32), ("",) * 8)
    # the last row is in no fold; parcel 1 of the hill is another feature than that of the farm
    held_out = HeldOut(np.array([8, 0, 1, 2, 3, 4, 5, 6, 7]), np.array([7, 3, 3, 3, 5, 5, 5, 3, 5]))
    confusion = confusion_of_features(labelled, held_out, np.array([3, 5, 7]))
    expected = [[3 / 4, 1 / 3, 0], [1 / 4, 2 / 3 + 1 / 2, 0], [0, 1 / 2, 0]]
    np.testing.assert_allclose(confusion, expected)
    assert confusion.sum() == pytest.approx(3)


def grid(crs, transform, shape=(100, 80)):
    return Grid(shape, CRS.from_user_input(crs).to_wkt(), transform)


def test_pixels_of_ten_metres_are_a_hundredth_of_a_hectare():
    assert pixel_hectares(grid("EPSG:32631", (10, 0, 664000, 0, -10, 5612120))) == 0.01
    # turned by 30 degrees it is as large
    c, s = 10 * np.cos(0.5236), 10 * np.sin(0.5236)
    turned = pixel_hectares(grid("EPSG:32631", (c, s, 0, s, -c, 0)))
    assert turned == pytest.approx(0.01)
    # US survey feet: 1200 / 3937 m
    feet = pixel_hectares(grid("EPSG:2263", (30, 0, 900000, 0, -30, 200000)))
    assert feet == pytest.approx((30 * 1200 / 3937) ** 2 / 10_000)
    assert np.isnan(pixel_hectares(Grid((5, 5), None, (10, 0, 0, 0, -10, 0))))


@pytest.mark.parametrize(
    ("latitude", "expected"),
    [
        # radii at the equator: a along it, b^2 / a across it; at a pole both are a^2 / b
        (0, (6_378_137.0, 6_356_752.3142**2 / 6_378_137.0)),
        (90, (0, 6_378_137.0**2 / 6_356_752.3142)),
    ],
)
def test_pixels_in_degrees_where_the_radii_are_known(latitude, expected):
    step = 1e-4
    transform = (step, 0, 10, 0, -step, latitude + 50 * step)  # 100 rows: its middle
    radians = np.deg2rad(step)
    hectares = radians**2 * expected[0] * expected[1] / 10_000
    found = pixel_hectares(grid("EPSG:4326", transform))
    assert found == pytest.approx(hectares, rel=1e-9, abs=1e-12)


def test_pixels_in_degrees_between_are_those_of_the_ellipsoid():
    """The area of a zone by its integral over latitudes, PROJ's own by a geodesic polygon."""
    from pyproj import Geod

    step, north = 0.001, 47.0
    (west, south, east, top) = (8.0, north - step, 8.0 + step, north)
    area, _ = Geod(ellps="WGS84").polygon_area_perimeter(
        [west, east, east, west], [south, south, top, top]
    )
    transform = (step, 0, 8.0, 0, -step, north)
    found = pixel_hectares(grid("EPSG:4326", transform, (1, 1)))
    assert found == pytest.approx(area / 10_000, rel=1e-5)
