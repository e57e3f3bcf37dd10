"""Quality flags of tables."""

from pathlib import Path

import numpy as np
import pytest

from pimc.data.points.quality import clear_observations, quality_column

SOURCE = Path("points.csv")


def clear(flags, name="quality", **options):
    return clear_observations(np.array(flags), name, SOURCE, **options).tolist()


def test_codes_are_those_of_the_name_or_the_given():
    assert clear([0, 1, 2, 0]) == [True, False, False, True]
    assert clear([[4, 9], [7, 2]], "scl") == [[True, False], [True, False]]
    assert clear([0.0, 1.0, np.nan], "CLOUD") == [True, False, False]
    assert clear([0, 1024, 2048], "QA60") == [True, False, False]
    assert clear([0, 1, 2], clear=(1, 2)) == [False, True, True]
    assert clear(["good", "bad"], clear=("good",)) == [True, False]
    assert clear([True, False], clear=(True,)) == [True, False]


def test_a_probability_has_a_threshold():
    assert clear([0, 40, 41, np.nan], cloudy_above=40) == [True, True, False, False]
    assert clear([0.1, 0.9], cloudy_above=0.4) == [True, False]


@pytest.mark.parametrize(
    ("flags", "name", "options", "message"),
    [
        ([0, 2, 37], "cloud", {}, "quality flag cloud: expected codes, got 37: .*cloudy_above"),
        ([0, 2, 37], "flag", {}, "expected codes, got 37"),
        ([0.0, 0.02], "quality", {}, "expected codes, got 0.02"),
        ([4, 12], "SCL", {}, "expected codes, got 12"),
        ([True, False], "quality", {}, "expected codes, got True, False: name the codes"),
        (["good", "bad"], "quality", {}, "expected codes, got good, bad"),
        ([0, 1], "is_valid", {}, "codes of clear ground are not known: name them in `clear`"),
        ([1, 1], "quality", {}, r"no observation is clear \(0\); it has 1: name the codes"),
        ([1, 2], "quality", {"clear": (7,)}, r"no observation is clear \(7\); it has 1, 2"),
        ([0.1, 0.9], "p", {"cloudy_above": 40}, r"unit of cloudy_above \(40\).* got 0.1 to 0.9"),
        ([10, 900], "p", {"cloudy_above": 40}, "got 10 to 900"),
        (["low"], "p", {"cloudy_above": 40}, "a probability must be a number"),
    ],
)
def test_what_is_no_such_flag_is_named(flags, name, options, message):
    with pytest.raises(ValueError, match=message):
        clear(flags, name, **options)


def test_flags_are_found_by_their_names():
    assert quality_column(["pixel", "scl", "B04"], SOURCE) == "scl"
    assert quality_column(["pixel", "B04"], SOURCE) is None
    with pytest.raises(ValueError, match="several quality flags, quality, SCL: name the one"):
        quality_column(["quality", "SCL"], SOURCE)
