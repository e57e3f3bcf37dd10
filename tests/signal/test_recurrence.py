import json

import numpy as np
import pytest

from pimc.signal import recurrence as module
from pimc.signal.recurrence import Recurrence, RecurrenceOptions, fit_recurrence, plot_side

NAMES = ("NDVI", "EVI", "SAVI")
PLAIN = RecurrenceOptions("unthresholded", scale="none")


def rng():
    return np.random.default_rng(0)


def training_series(count=40, length=12):
    return (
        rng()
        .normal([[0.5], [0.3], [0.2]], [[0.3], [0.2], [0.1]], (count, 3, length))
        .astype(np.float32)
    )


def test_the_plain_plot_learns_nothing():
    fitted = fit_recurrence(training_series(), PLAIN, NAMES, rng())
    assert fitted == Recurrence(NAMES, "unthresholded", (0, 0, 0), (1, 1, 1), None, 1, 1, 0.25)


def test_standard_scale_is_mean_and_deviation_of_each_index():
    series = np.array([[[1, 3]], [[5, 7]]], np.float32)
    fitted = fit_recurrence(series, RecurrenceOptions(scale="standard"), ("NDVI",), rng())
    assert fitted.centre == (4.0,)
    assert fitted.scale == pytest.approx((np.sqrt(5),))


def test_threshold_in_scaled_units_is_the_same_for_every_index():
    options = RecurrenceOptions(kind="binary", threshold=0.3, scale="standard")
    assert fit_recurrence(training_series(), options, NAMES, rng()).thresholds == (0.3,) * 3


def test_percentile_of_pairs_by_hand():
    # pairs of (0, 1, 3): 1, 3, 2; of (0, 4, 4): 4, 4, 0; sorted 0 1 2 3 4 4, median 2.5
    series = np.array([[[0, 1, 3]], [[0, 4, 4]]], np.float32)
    options = RecurrenceOptions(kind="binary", percentile=50, scale="none")
    assert fit_recurrence(series, options, ("NDVI",), rng()).thresholds == pytest.approx((2.5,))


def test_several_thresholds_are_kept_index_by_index():
    options = RecurrenceOptions(kind="soft", threshold=[0.1, 0.5])
    fitted = fit_recurrence(training_series(), options, NAMES, rng())
    assert fitted.thresholds == (0.1, 0.5) * 3
    assert fitted.scales == 2

    several = RecurrenceOptions(kind="soft", percentile=[40, 10])
    found = fit_recurrence(training_series(), several, NAMES, rng()).thresholds
    for number, percentile in enumerate((40, 10)):
        one = RecurrenceOptions(kind="soft", percentile=percentile)
        expected = fit_recurrence(training_series(), one, NAMES, rng()).thresholds
        assert found[number::2] == pytest.approx(expected)


def test_names_of_the_channels():
    def channels(**options):
        chosen = RecurrenceOptions(**options)
        return fit_recurrence(training_series(), chosen, NAMES, rng()).channels

    assert channels(kind="mtf") == NAMES
    assert channels(kind="level", validity=True) == (*NAMES, "observed")
    assert channels(kind="joint", threshold=0.5) == ("joint",)
    assert channels(kind="joint", threshold=(0.5, 1), validity=True) == (
        "joint 1",
        "joint 2",
        "observed",
    )
    assert channels(kind="soft", percentile=(5, 20))[:3] == ("NDVI 1", "NDVI 2", "EVI 1")


def test_percentile_of_embedded_pairs_equals_the_slow_definition():
    series = training_series()
    options = RecurrenceOptions("soft", percentile=20, scale="standard", dimension=3, time_delay=2)
    fitted = fit_recurrence(series, options, NAMES, rng())
    for index, threshold in enumerate(fitted.thresholds):
        scaled = (series[:, index] - fitted.centre[index]) / fitted.scale[index]
        points = np.stack([scaled[:, lag : lag + 8] for lag in (0, 2, 4)], axis=-1)
        pairs = [
            np.linalg.norm(one[i] - one[j]) for one in points for i in range(8) for j in range(i)
        ]
        assert threshold == pytest.approx(np.percentile(pairs, 20), rel=1e-5)


def test_many_series_are_sampled_reproducibly(monkeypatch):
    monkeypatch.setattr(module, "FIT_ROWS", 10)
    options = RecurrenceOptions(kind="binary", percentile=30)
    first, again = (fit_recurrence(training_series(), options, NAMES, rng()) for _ in range(2))
    other = fit_recurrence(training_series(), options, NAMES, np.random.default_rng(1))
    assert first == again
    assert first != other


def test_json_round_trip():
    options = RecurrenceOptions(kind="soft", percentile=25, scale="standard")
    fitted = fit_recurrence(training_series(), options, NAMES, rng())
    assert Recurrence.from_json(json.loads(json.dumps(fitted.to_json()))) == fitted


def test_json_keeps_bins_and_validity_and_older_json_has_neither():
    fitted = fit_recurrence(training_series(), RecurrenceOptions(), NAMES, rng())
    stored = fitted.to_json()
    changed = Recurrence.from_json(stored | {"kind": "mtf", "bins": 4, "validity": True})
    assert (changed.bins, changed.validity) == (4, True)
    del stored["bins"], stored["validity"]
    assert Recurrence.from_json(stored) == fitted


def test_json_is_checked():
    stored = fit_recurrence(training_series(), RecurrenceOptions(), NAMES, rng()).to_json()
    with pytest.raises(ValueError, match=r"missing: \['centre'\], unknown: \['center'\]"):
        Recurrence.from_json({"center" if k == "centre" else k: v for k, v in stored.items()})
    with pytest.raises(ValueError, match="kind must be one of unthresholded, binary, soft, joint"):
        Recurrence.from_json(stored | {"kind": "sine"})
    with pytest.raises(ValueError, match="scale must have one value for each of NDVI, EVI, SAVI"):
        Recurrence.from_json(stored | {"scale": [1.0]})
    with pytest.raises(ValueError, match="scale must be finite and above 0"):
        Recurrence.from_json(stored | {"scale": [1.0, 0.0, 1.0]})
    with pytest.raises(ValueError, match="kind binary with thresholds None"):
        Recurrence.from_json(stored | {"kind": "binary"})
    with pytest.raises(ValueError, match=r"kind level with thresholds \(0\.5, 0\.5, 0\.5\)"):
        Recurrence.from_json(stored | {"kind": "level", "thresholds": [0.5] * 3})
    for wrong in ([0.5], [0.5] * 4):
        with pytest.raises(ValueError, match="thresholds must have one value for each of NDVI"):
            Recurrence.from_json(stored | {"kind": "binary", "thresholds": wrong})
    with pytest.raises(ValueError, match="kind signed compares points"):
        Recurrence.from_json(stored | {"kind": "signed", "dimension": 2})


def test_side_of_a_plot():
    assert plot_side(61, 1, 1) == 61
    assert plot_side(61, 3, 4) == 53
    with pytest.raises(ValueError, match=r"a series of 5 points holds no trajectory .* 7 points"):
        plot_side(5, 3, 3)


def test_fitting_refuses_what_it_cannot_learn_from():
    with pytest.raises(ValueError, match=r"training series N x 3 x L .* got shape \(0, 3, 12\)"):
        fit_recurrence(np.empty((0, 3, 12), np.float32), RecurrenceOptions(), NAMES, rng())
    with pytest.raises(ValueError, match="N x 1 x L"):
        fit_recurrence(training_series(), RecurrenceOptions(), ("NDVI",), rng())
    flat = np.ones((4, 1, 12), np.float32)
    with pytest.raises(ValueError, match="NDVI does not vary"):
        fit_recurrence(flat, RecurrenceOptions(scale="standard"), ("NDVI",), rng())
    with pytest.raises(ValueError, match="holds no trajectory"):
        fit_recurrence(
            training_series(), RecurrenceOptions("unthresholded", dimension=13), NAMES, rng()
        )


def test_the_unit_of_a_plot_is_that_of_its_scaled_series_unless_its_kind_has_another():
    series = np.random.default_rng(0).normal(size=(4, 1, 6)).astype(np.float32)
    units = {
        kind: fit_recurrence(series, options, ["NDVI"], np.random.default_rng(0)).unit
        for kind, options in {
            "kept": RecurrenceOptions("signed", scale="none"),
            "scaled": RecurrenceOptions("level", scale="standard"),
            "soft": RecurrenceOptions("soft", threshold=0.5, scale="standard"),
        }.items()
    }
    assert units == {
        "kept": "index values",
        "scaled": "standard deviations of the index in training series",
        "soft": "1 where two dates are alike, 0 where they are not",
    }
