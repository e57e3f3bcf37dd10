"""Numbers of tables become reflectance x 10,000."""

from pathlib import Path

import numpy as np
import pytest

from pimc.data.patch import FILL
from pimc.data.points.values import to_reflectance

SOURCE = Path("points.npz")
FRACTIONS = np.random.default_rng(0).uniform(0.02, 0.5, (200, 4))


def read(values, scale=10_000, no_data=()):
    return to_reflectance(np.asarray(values), SOURCE, scale, no_data)


def test_values_become_int16_with_one_fill():
    values = [
        0,
        FILL,
        np.nan,
        -12.6,
        999.5,
        7,
        9,
        500,
        32_766,
        40_000,
        -40_000,
        np.inf,
        -9999,
        1e20,
    ]
    reflectance, missing = read(values)
    kept = [-13, 1000, 7, 9, 500, 32_766]
    assert reflectance.tolist() == [FILL] * 3 + kept + [FILL] * 5
    assert missing == {
        "not finite": 2,
        "no data (0, -32768)": 2,
        "no possible reflectance": 4,
    }


def test_a_table_may_name_its_scale_and_its_no_data():
    assert read([0.5, 0.25, np.inf, 9999], scale=1)[0].tolist() == [5000, 2500, FILL, FILL]
    assert read([50, 25, 0, -1], scale=100, no_data=(-1,))[0].tolist() == [5000, 2500, FILL, FILL]
    assert read([50, 25, -1], scale=100)[0].tolist() == [5000, 2500, -100]


@pytest.mark.parametrize("fill", [None, np.inf, 1e20, 9999.0, -9999.0, 65_535.0, np.nan])
@pytest.mark.parametrize("share", [0.01, 0.9])
def test_no_fill_value_hides_the_scale(fill, share):
    for values, unit in ((FRACTIONS, r"0..1 "), (100 * FRACTIONS, r"0..100 \(percent\)")):
        filled = values.copy()
        if fill is not None:
            filled[: int(share * len(values))] = fill
        with pytest.raises(ValueError, match=rf"reflectance x 10,000, got values in {unit}"):
            read(filled)
    filled = 10_000 * FRACTIONS
    if fill is not None:
        filled[: int(share * len(filled))] = fill
    np.testing.assert_array_equal(read(filled)[0][190:], np.rint(10_000 * FRACTIONS[190:]))


def test_integers_are_judged_too():
    with pytest.raises(ValueError, match=r"got values in 0..100 \(percent\) or 0..255"):
        read(np.rint(100 * FRACTIONS).astype(np.uint8))
    with pytest.raises(ValueError, match=r"reflectance x 1, got values in 0..10,000"):
        read(np.rint(10_000 * FRACTIONS).astype(np.int16), scale=1)
    with pytest.raises(ValueError, match="no usual unit, too large"):
        read(100_000 * FRACTIONS)


def test_a_band_or_a_part_in_another_unit_is_found():
    values = 10_000 * FRACTIONS
    values[:, 1] /= 10_000
    with pytest.raises(ValueError, match="values near 0 in 25% of the table"):
        read(values)


def test_dark_water_is_taken():
    water = np.rint(
        np.random.default_rng(1).uniform([300, 200, 60, 20], [700, 500, 200, 90], (99, 4))
    )
    np.testing.assert_array_equal(read(water)[0], water)
