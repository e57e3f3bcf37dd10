import json

import numpy as np
import pytest

from pimc.signal import recurrence as module
from pimc.signal.recurrence import Recurrence, RecurrenceOptions, fit_recurrence, plot_side

NAMES = ("NDVI", "EVI", "SAVI")


def rng():
    return np.random.default_rng(0)


def training_series(count=40, length=12):
    return (
        rng()
        .normal([[0.5], [0.3], [0.2]], [[0.3], [0.2], [0.1]], (count, 3, length))
        .astype(np.float32)
    )


def test_the_plain_plot_learns_nothing():
    fitted = fit_recurrence(training_series(), RecurrenceOptions(), NAMES, rng())
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
    options = RecurrenceOptions(kind="binary", percentile=50)
    assert fit_recurrence(series, options, ("NDVI",), rng()).thresholds == pytest.approx((2.5,))


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
        fit_recurrence(training_series(), RecurrenceOptions(dimension=13), NAMES, rng())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"kind": "binray"},
            "kind must be one of unthresholded, binary, .*, got 'binray'",
        ),
        ({"scale": "unit"}, "scale must be one of none, standard, got 'unit'"),
        ({"kind": "binary"}, "kind binary takes threshold or percentile, got threshold=None"),
        ({"kind": "soft", "threshold": 0.1, "percentile": 5}, "takes threshold or percentile"),
        ({"threshold": 0.1}, "kind unthresholded takes no threshold, got threshold=0.1"),
        ({"kind": "level", "threshold": 0.1}, "kind level takes no threshold, got threshold=0.1"),
        ({"kind": "level", "dimension": 2}, "compares points, so dimension must be 1, got 2"),
        ({"kind": "binary", "threshold": 0.0}, "threshold must be above 0"),
        ({"kind": "binary", "percentile": 100.0}, "percentile must lie between 0 and 100"),
        ({"dimension": 0}, "dimension must be at least 1"),
        ({"time_delay": 0}, "time_delay must be at least 1"),
        ({"softness": 0.0}, "softness must be above 0"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        RecurrenceOptions(**options)
