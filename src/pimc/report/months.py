"""Months in the place of calendar steps on the axes of figures."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pimc.signal.calendar import CalendarOptions

if TYPE_CHECKING:
    from matplotlib.axis import Axis


def month_starts(calendar: CalendarOptions) -> tuple[list[float], list[str]]:
    """Where months begin on a calendar.

    Returns:
        Positions in steps of the calendar, 0 for its first day, and the months' names (Jan ...).
    """
    month, day = (int(part) for part in calendar.start.split("-"))
    # no leap year: the calendar is of every year, and a day is no matter on an axis
    first = datetime.date(2001, month, day)
    days = range((calendar.length - 1) * calendar.step + 1)
    dates = [(number, first + datetime.timedelta(number)) for number in days]
    starts = [(number, date) for number, date in dates if date.day == 1]
    names = [date.strftime("%b") for _, date in starts]
    return [number / calendar.step for number, _ in starts], names


def mark_months(
    axis: Axis, calendar: CalendarOptions, every: int, starts: Sequence[float] = (0,)
) -> None:
    """Ticks where months begin, one in ``every`` of them, from January on, with their names.

    Several calendars may lie side by side: ``starts`` says where on the axis each begins.
    """
    positions, names = month_starts(calendar)
    first = (names.index("Jan") if "Jan" in names else 0) % every
    ticks = [start + position for start in starts for position in positions[first::every]]
    axis.set_ticks(ticks, names[first::every] * len(starts))
