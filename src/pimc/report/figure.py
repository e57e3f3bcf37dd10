"""What nodes say that they draw. matplotlib is imported where something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure
else:
    # Kedro reads the hints of every node at the start, where no figure is drawn
    Figure = Any

__all__ = ["Figure"]
