"""Rows of a file of embeddings for four samples, of a source table of six pixels."""

import numpy as np
import pandas as pd
import pytest

from pimc.evaluation.peer_files import read_peer

LON = np.array([179.99999, -90.5, -90.5, 12.0, 12.0, 30.0])
LAT = np.array([0.0, 35.0, 35.001, 89.99, -20.0, 30.0])
# as the reader deals them to blocks: pixel 3 of the table had no data, and 4 no label
SOURCE = pd.DataFrame(
    {
        "patch": ["b", "a", "a", "c", "b"],
        "row": [0, 1, 0, 0, 1],
        "col": 0,
        "id": ["p0", "p1", "p2", "p4", "p5"],
        "lon": LON[[0, 1, 2, 4, 5]],
        "lat": LAT[[0, 1, 2, 4, 5]],
        "number": [0, 1, 2, 4, 5],
        "of": 6,
    }
)
SAMPLES = pd.DataFrame({"patch": ["a", "a", "b", "b"], "row": [0, 1, 0, 1], "col": 0, "fold": 1})
NUMBERS = [2, 1, 0, 5]
# the value of a pixel tells its number
VALUES = np.arange(6, dtype=np.float16)[:, None] + np.array([0.0, 0.5], np.float16)
EXPECTED = VALUES[NUMBERS]
PLACES = {"patch": ["b", "a", "a", "x", "c", "b"], "row": [0, 1, 0, 0, 0, 1], "col": [0] * 6}
IDS = [f"p{number}" for number in range(6)]
SHUFFLED = np.array([3, 5, 0, 2, 4, 1])


def read(folder, source=SOURCE, samples=SAMPLES, values=VALUES, order=slice(None), **keys):
    path = folder / "theirs.npz"
    given = {name: np.asarray(key)[order] for name, key in keys.items()}
    np.savez(path, embedding=values[order], **given)
    return read_peer(str(path), samples, source)


def test_a_file_without_keys_is_in_the_order_of_the_source_table(tmp_path):
    found = read(tmp_path)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, EXPECTED)


@pytest.mark.parametrize(
    "keys",
    [
        {"id": IDS},
        {"lon": LON, "lat": LAT},
        # what float32 and six decimals leave of degrees
        {"lon": LON.astype(np.float32), "lat": LAT.astype(np.float32)},
        {"lon": LON.round(6) + 1e-5, "lat": LAT.round(6) - 1e-5},
        PLACES,
    ],
    ids=["id", "degrees", "float32", "three metres off", "place"],
)
@pytest.mark.parametrize("order", [slice(None), SHUFFLED])
def test_named_pixels_are_found_in_any_order(tmp_path, keys, order):
    np.testing.assert_array_equal(read(tmp_path, order=order, **keys), EXPECTED)


def test_what_no_sample_needs_may_be_missing_or_not_finite(tmp_path):
    values = VALUES.copy()
    values[[3, 4]] = np.nan
    np.testing.assert_array_equal(read(tmp_path, values=values), EXPECTED)
    np.testing.assert_array_equal(read(tmp_path, order=[5, 2, 1, 0], id=IDS), EXPECTED)


def test_positions_across_the_180th_meridian_are_near(tmp_path):
    west = LON.copy()
    west[0] = -179.99999  # 2.2 m on
    np.testing.assert_array_equal(read(tmp_path, lon=west, lat=LAT), EXPECTED)


def test_integers_and_texts_name_the_same(tmp_path):
    source = SOURCE.assign(id=["0", "1", "2", "4", "5"])
    np.testing.assert_array_equal(read(tmp_path, source, id=np.arange(6)), EXPECTED)


def test_seasons_of_a_pixel_share_its_embedding(tmp_path):
    twice = pd.concat([SAMPLES, SAMPLES])
    np.testing.assert_array_equal(read(tmp_path, samples=twice), np.tile(EXPECTED, (2, 1)))


IMAGES = SOURCE[[]]
PLAIN = SOURCE[["patch", "row", "col", "id"]]


def test_pixels_of_images_go_by_their_place(tmp_path):
    np.testing.assert_array_equal(read(tmp_path, IMAGES, **PLACES), EXPECTED)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"order": slice(5)},
            "names no pixel, so it must have a row for each of the 6 of the source's table, in its "
            "order; got 5",
        ),
        (
            {"source": IMAGES},
            "the pixels of this source have no order; give it keys: patch and row and col",
        ),
        (
            {"source": PLAIN, "lon": LON, "lat": LAT},
            "names pixels by lon, lat; those of this source go by patch and row and col, or id",
        ),
        (
            {"id": ["p0", "p1", "z", "p3", "p4", "y"]},
            "each of 4 pixels that take part; 2 have no embedding, first patch a, row 0, col 0, "
            "id p2, lon -90.5, lat 35.001, number 2; bring theirs, or leave the arm out",
        ),
        ({"lon": LON - 1e-4, "lat": LAT}, "4 have no embedding, first patch a, row 0"),
        ({**PLACES, "row": [0, 1, 9, 0, 0, 1]}, "1 have no embedding, first patch a, row 0"),
        ({"id": ["p0", "p1", "p2", "p2", "p1", "p2"]}, "3 rows have the id of an earlier one.* p2"),
        (
            {**PLACES, "patch": ["b", "a", "a", "b", "c", "b"]},
            "1 rows have .* first b, 0, 0; leave",
        ),
        (
            {"lon": LON[[0, 1, 2, 0, 4, 5]], "lat": LAT[[0, 1, 2, 0, 4, 5]]},
            "1 pixels have several rows within 5 m, first patch b, row 0",
        ),
        ({"id": np.arange(6.0)}, "id must be text or integers, got float64"),
        ({**PLACES, "col": np.zeros(6)}, "col must be integers, got float64"),
        ({"lon": LON * 1e5, "lat": LAT}, "expected longitudes within -180..180"),
        (
            {"values": np.where(VALUES == 1.5, np.inf, VALUES)},
            "1 have an embedding that is not finite, first patch a, row 1",
        ),
        ({"values": VALUES.astype(float) * 1e200}, "4 have an embedding that is not finite"),
    ],
)
def test_what_does_not_cover_the_samples_is_refused(tmp_path, given, message):
    with pytest.raises(ValueError, match=f"theirs.npz: .*{message}"):
        read(tmp_path, **given)
