"""What the axes of index series mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pimc.signal.calendar import CalendarOptions


@dataclass(frozen=True)
class SeriesAxes:
    """Second and third axis of series N x I x L.

    Attributes:
        indices: I names.
        calendar: of the L steps.
    """

    indices: tuple[str, ...]
    calendar: CalendarOptions

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return {"indices": list(self.indices), "calendar": self.calendar.to_json()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Back from ``to_json``."""
        return cls(tuple(stored["indices"]), CalendarOptions(**stored["calendar"]))
