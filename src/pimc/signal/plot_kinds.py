"""Kinds of plots, and what others need to know of them; each is drawn in ``pimc.model.plots``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlotKind:
    """A kind of plot, declared.

    Attributes:
        thresholded: it compares distances with epsilon, or with several.
        embedded: of trajectories; others compare single points.
        joined: one image of all indices; others draw a channel of each.
        cells: what its cells tell, where that is no value in the unit of the scaled series.
    """

    thresholded: bool = False
    embedded: bool = False
    joined: bool = False
    cells: str = ""


ALIKE = "1 where two dates are alike, 0 where they are not"

PLOT_KINDS = {
    "unthresholded": PlotKind(embedded=True),
    "binary": PlotKind(thresholded=True, embedded=True, cells=ALIKE),
    "soft": PlotKind(thresholded=True, embedded=True, cells=ALIKE),
    "joint": PlotKind(thresholded=True, embedded=True, joined=True, cells=ALIKE),
    "level": PlotKind(),
    "signed": PlotKind(),
    "diagonal": PlotKind(),
    "gasf": PlotKind(cells="cosine of the sum of two dates' angles"),
    "gadf": PlotKind(cells="sine of the difference of two dates' angles"),
    "mtf": PlotKind(cells="share of the steps that lead from bin to bin"),
}
"""By the name that ``recurrence.kind`` takes."""
