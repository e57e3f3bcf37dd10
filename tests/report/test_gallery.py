import numpy as np
import pytest

from pimc.report.gallery import draw_plot_gallery, find_colours
from pimc.report.months import month_starts
from pimc.signal.calendar import CalendarOptions

CALENDAR = CalendarOptions(start="09-15", step=7, length=61)


def test_months_begin_where_the_calendar_says():
    positions, names = month_starts(CALENDAR)
    assert names[:4] == ["Oct", "Nov", "Dec", "Jan"] and len(names) == 14
    # 1 October is 16 days after 15 September, 1 November 31 more
    assert positions[:2] == [16 / 7, 47 / 7]


def test_one_colour_scale_for_all_plots_ends_where_few_cells_lie_beyond():
    # 2,001 cells, of which the ten greatest lie beyond 2.98
    signed = find_colours(np.linspace(-1, 3, 2001).reshape(1, 1, 1, -1))
    assert signed == {"cmap": "RdBu", "vmin": pytest.approx(-2.98), "vmax": pytest.approx(2.98)}
    assert find_colours(np.zeros((1, 1, 3, 3))) == {"cmap": "viridis", "vmin": 0.0, "vmax": 1.0}


def test_months_are_named_below_and_beside_and_groups_above():
    series, plots = np.zeros((3, 2, 61)), np.random.default_rng(0).normal(size=(3, 2, 61, 61))
    figure = draw_plot_gallery(
        series, plots, ["corn", "beet", "meadow"], ["NDVI", "EVI"], ["NDVI", "EVI"], CALENDAR, "m"
    )
    strips = np.array(figure.axes[:8]).reshape(2, 2, 2)  # rows, blocks, series and plots
    assert [strip[0].get_title(loc="left") for strip in strips.reshape(-1, 2)] == [
        "corn", "beet", "meadow", ""
    ]  # fmt: skip
    for number in (0, 1):
        named = [
            [label.get_text() for label in strip[number].get_xticklabels()]
            for strip in strips[:, 0]
        ]
        months = ["Oct", "Jan", "Apr", "Jul", "Oct"] * (1 + number)  # two plots beside each other
        assert named == [[], months]
    beside = [label.get_text() for label in strips[0, 0, 1].get_yticklabels()]
    assert beside == ["Oct", "Jan", "Apr", "Jul", "Oct"]
    assert strips[1, 1, 1].axison is False  # no fourth group
    assert figure.axes[-1].get_xlabel() == "m"


def test_plots_of_a_group_lie_beside_each_other_each_under_its_name():
    plots = np.random.default_rng(0).normal(size=(1, 2, 61, 61))
    figure = draw_plot_gallery(
        np.zeros((1, 1, 61)), plots, ["corn"], ["NDVI"], ["first", "second"], CALENDAR, "m"
    )
    strip = figure.axes[1]
    drawn = strip.images[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(drawn[:, :61], plots[0, 0])
    np.testing.assert_array_equal(drawn[:, -61:], plots[0, 1])
    assert np.isnan(drawn[:, 61:-61]).all() and drawn.shape == (61, 2 * 61 + 4)
    names = [(text.get_text(), text.get_position()[0]) for text in strip.texts]
    assert names == [("first", 30), ("second", 65 + 30)]


def test_months_of_shorter_plots_stay_in_each():
    """Plots of trajectories are shorter than the series."""
    plots = np.random.default_rng(0).normal(size=(1, 2, 51, 51))
    figure = draw_plot_gallery(
        np.zeros((1, 1, 61)), plots, ["corn"], ["NDVI"], ["first", "second"], CALENDAR, "m"
    )
    strip = figure.axes[1]
    second = 51 + 3  # where it begins
    ticks = strip.get_xticks()
    assert not ((ticks > 50.5) & (ticks < second - 0.5)).any() and ticks.max() < second + 50.5
    assert strip.get_ylim() == (-0.5, 50.5) and strip.get_xlim() == (-0.5, second + 50.5)
