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
    """

    thresholded: bool = False
    embedded: bool = False
    joined: bool = False


PLOT_KINDS = {
    "unthresholded": PlotKind(embedded=True),
    "binary": PlotKind(thresholded=True, embedded=True),
    "soft": PlotKind(thresholded=True, embedded=True),
    "joint": PlotKind(thresholded=True, embedded=True, joined=True),
    "level": PlotKind(),
    "signed": PlotKind(),
    "diagonal": PlotKind(),
    "gasf": PlotKind(),
    "gadf": PlotKind(),
    "mtf": PlotKind(),
}
"""By the name that ``recurrence.kind`` takes."""
