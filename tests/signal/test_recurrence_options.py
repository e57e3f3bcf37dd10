import pytest

from pimc.signal.recurrence_options import RecurrenceOptions


def test_lists_of_the_parameters_are_kept_as_tuples():
    options = RecurrenceOptions("soft", percentile=[5, 20])
    assert options == RecurrenceOptions("soft", percentile=(5, 20))
    assert len({options, RecurrenceOptions("soft", percentile=(5, 20))}) == 1
    assert (options.percentiles, options.thresholds) == ((5, 20), ())
    assert RecurrenceOptions("binary", threshold=0.5).thresholds == (0.5,)


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
        (
            {"kind": "unthresholded", "threshold": 0.1},
            "kind unthresholded takes no threshold, got threshold=0.1",
        ),
        ({"kind": "level", "threshold": 0.1}, "kind level takes no threshold, got threshold=0.1"),
        ({"kind": "level", "dimension": 2}, "compares points, so dimension must be 1, got 2"),
        ({"kind": "soft", "threshold": ()}, "takes threshold or percentile"),
        ({"kind": "mtf", "percentile": 5}, "kind mtf takes no threshold, got .* percentile=5"),
        ({"kind": "gadf", "dimension": 2}, "kind gadf compares points, so dimension must be 1"),
        ({"kind": "mtf", "bins": 1}, "bins must be at least 2, got 1"),
        ({"kind": "joint", "threshold": (0.5, -1)}, "threshold must be above 0"),
        ({"kind": "soft", "percentile": [5, 100]}, "percentile must lie between 0 and 100"),
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
