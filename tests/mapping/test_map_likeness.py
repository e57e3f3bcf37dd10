"""Pixels that others are compared to."""

import numpy as np
import pytest
from cases.geotiffs import UTM
from cases.maps import TEN_BANDS, exact, image_of, make_store, plan, write_crops
from rasterio.warp import transform

from pimc.mapping.likeness import find_target, parse_points
from pimc.mapping.products import likeness, likeness_product

CODES = np.random.default_rng(0).integers(0, 3, (18, 20))


def unseen(_, values):
    values[:, 5, 6] = 0
    return values, TEN_BANDS


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Two places side by side; a pixel of the first has no data."""
    root = tmp_path_factory.mktemp("stack")
    write_crops(root / "a", CODES, unseen, nodata=0)
    write_crops(root / "b", CODES[::-1], nodata=0, transform=UTM @ UTM.translation(20, 0))
    blocks = tmp_path_factory.mktemp("blocks")
    return [make_store(blocks, plan(root / name, options=exact())) for name in ("a", "b")]


def unit(value):
    return value / np.linalg.norm(value)


def degrees(row, col):
    """Of the middle of a pixel, as text: at:longitude:latitude."""
    x, y = UTM @ (col + 0.5, row + 0.5)
    (lon,), (lat,) = transform("EPSG:32631", "EPSG:4326", [x], [y])
    return f"at:{lon!r}:{lat!r}"


def test_cosines_by_hand():
    embedding = np.array([[3, 4], [-8, 6], [-6, -8], [np.nan, np.nan], [0, 0]], np.float32)
    found = likeness(embedding, np.array([0.3, 0.4]))
    np.testing.assert_allclose(found, [1, 0, -1, np.nan, np.nan], atol=1e-6)
    assert found.dtype == np.float32


def test_points_are_read():
    assert parse_points("r3c4") == ([(3, 4)], [])
    assert parse_points("r3c4 + at:-7.5:38.25+r0c12") == ([(3, 4), (0, 12)], [(-7.5, 38.25)])


@pytest.mark.parametrize(
    "text",
    ["", "3", "3:4", "r3c4+", "r1.5c2", "r-1c2", "at:1", "at:1:2:3", "1:2:3", "at:x:2", "None"],
)
def test_what_is_no_point_is_refused(text):
    with pytest.raises(ValueError, match=r"like must be r<row>c<column>"):
        parse_points(text)


def test_a_pixel_by_row_and_column_is_one_of_the_first_place(stores):
    found = find_target(stores, "r17c2")
    np.testing.assert_allclose(found, unit(image_of(stores[0])[17, 2]), rtol=1e-5)
    whole = likeness(image_of(stores[0]).reshape(-1, 12), found).reshape(18, 20)
    assert whole[17, 2] == pytest.approx(1, abs=1e-6) and np.isnan(whole[5, 6])


@pytest.mark.parametrize(("row", "col"), [(0, 0), (17, 19), (16, 3), (4, 20), (17, 39)])
def test_a_point_in_degrees_is_the_pixel_around_it(stores, row, col):
    image = np.concatenate([image_of(store) for store in stores], axis=1)
    np.testing.assert_allclose(
        find_target(stores, degrees(row, col)), unit(image[row, col]), rtol=1e-5
    )


def test_several_are_the_mean_of_their_directions(stores):
    first, second = image_of(stores[0]), image_of(stores[1])
    expected = (unit(first[1, 2]) + unit(first[3, 4]) + unit(second[9, 5])) / 3
    found = find_target(stores, f"r1c2+r3c4+{degrees(9, 25)}")
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("r18c0", "like=r18c0: row 18, column 0 lies outside a, which has 18 rows and 20 columns"),
        ("r0c20", "row 0, column 20 lies outside a"),
        (degrees(-1, 3), "lies outside all places"),
        (degrees(5, 40), "lies outside all places"),
        ("at:0:0", "like: longitude 0.0, latitude 0.0 lies outside all places"),
        ("r5c6", "row 5, column 6 of a_2021-01-01_2021-12-26 has too few clear observations"),
        ("r5c5+r5c6", "row 5, column 6 of a_2021-01-01_2021-12-26 has too few clear observations"),
    ],
)
def test_pixels_that_cannot_be_compared_to_are_told(stores, text, said):
    with pytest.raises(ValueError, match=said):
        find_target(stores, text)


def test_the_product_is_the_likeness_of_every_pixel(stores):
    target = find_target(stores, "r1c2")
    product = likeness_product(target, {"A": "b"}, "r1c2")
    assert product.layer.tags == {"A": "b", "PIMC_LIKE": "r1c2"}
    image = image_of(stores[1])
    for window, values in product.parts(stores[1]):
        own = image[window.slices]
        cosine = own @ target / np.linalg.norm(own, axis=2) / np.linalg.norm(target)
        np.testing.assert_allclose(values, cosine[None], rtol=1e-4, atol=1e-5)
