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
    strips = np.array(figure.axes[:12]).reshape(2, 2, 3)  # rows, blocks, series and plots
    assert [strip[0].get_title(loc="left") for strip in strips.reshape(-1, 3)] == [
        "corn", "beet", "meadow", ""
    ]  # fmt: skip
    named = [[label.get_text() for label in strip[1].get_xticklabels()] for strip in strips[:, 0]]
    assert named == [[""] * 5, ["Oct", "Jan", "Apr", "Jul", "Oct"]]
    beside = [[label.get_text() for label in axis.get_yticklabels()] for axis in strips[0, 0, 1:]]
    assert beside == [["Oct", "Jan", "Apr", "Jul", "Oct"], [""] * 5]
    assert strips[1, 1, 1].axison is False  # no fourth group
    assert figure.axes[-1].get_xlabel() == "m"
