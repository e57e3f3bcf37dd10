"""Draws `method.png`: the method on one pixel of the simulated sample.

`python docs/figures/draw_method.py` makes the file beside it anew. All that is not a box is data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from pimc.data.simulation.scenes import SimulationOptions, simulate_scenes
from pimc.model.plots.layer import RecurrencePlots
from pimc.report.gallery import find_colours
from pimc.report.months import mark_months
from pimc.report.retrieval_examples import natural_colours
from pimc.signal.calendar import CalendarOptions, regularise, season_start
from pimc.signal.indices import compute_pixel_indices
from pimc.signal.patch_sample import sample_patch
from pimc.signal.recurrence import RecurrenceOptions, fit_recurrence
from pimc.signal.sampling import SamplingOptions
from pimc.signal.screening import ScreeningOptions, screen_clouds

INDICES = ("NDVI", "EVI", "SAVI")
CALENDAR = CalendarOptions()
WHEAT, CROP = 2, 11
DATES = (1, 3, 4)
"""Which images are drawn, the last in front."""

WIDTH, HEIGHT = 12.0, 5.9
"""Inches."""

SERIES_INK, IMAGE_INK, INK = "#1f5f99", "#b3561f", "0.25"
"""What belongs to series, to images, and to neither."""


@dataclass(frozen=True)
class Shown:
    """One pixel and all that is drawn of it.

    Attributes:
        images: K x H x W x 3, the patch at clear dates.
        position: row and column of the pixel.
        steps: T, the observed dates in steps of the calendar.
        values: I x T, indices at these dates.
        series: I x L, on the calendar.
        plots: I x L x L.
    """

    images: np.ndarray
    position: tuple[int, int]
    steps: np.ndarray
    values: np.ndarray
    series: np.ndarray
    plots: np.ndarray


def show_pixel() -> Shown:
    """A pixel of winter wheat, the one that was observed most often."""
    scene = simulate_scenes(SimulationOptions(patches=4, size=64, seed=2))["10003"]
    sampling = SamplingOptions(pixels_per_patch=None, margin=14, frames_per_patch=6)
    sample = sample_patch(scene(), sampling, ScreeningOptions())
    values = compute_pixel_indices(sample.reflectance, sample.bands, INDICES)
    clear = screen_clouds(sample.reflectance, sample.days, sample.bands, ScreeningOptions())
    series, _ = regularise(values, clear, sample.days, CALENDAR)
    plot = RecurrenceOptions("level", scale="standard")
    recurrence = fit_recurrence(series, plot, INDICES, np.random.default_rng(0))
    of_wheat = np.flatnonzero(sample.pixels[:, 3] == WHEAT)
    pixel = of_wheat[clear[of_wheat].sum(axis=1).argmax()]
    with torch.inference_mode():
        plots = RecurrencePlots(recurrence)(torch.from_numpy(series[[pixel]]))[0].numpy()
    row, col = sample.pixels[pixel, :2].tolist()
    steps = (sample.days - season_start(sample.days, CALENDAR)) / CALENDAR.step
    seen = clear[pixel] & (steps >= 0) & (steps < CALENDAR.length)
    images = natural_colours(sample.frames, sample.bands)
    return Shown(images, (row, col), steps[seen], values[pixel][:, seen], series[pixel], plots)


def draw_method(shown: Shown) -> Figure:
    """Pixel -> series -> plots -> two encoders -> tasks, from left to right."""
    figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
    canvas = figure.add_axes((0, 0, 1, 1))
    canvas.set(xlim=(0, WIDTH), ylim=(0, HEIGHT))
    canvas.set_axis_off()
    _draw_images(figure, canvas, shown)
    _draw_series(figure, canvas, shown)
    _draw_encoders(canvas)
    _draw_tasks(canvas)
    for x, name in (
        (1.3, "pixel"),
        (4.1, "series"),
        (6.2, "plots"),
        (8.1, "encoders"),
        (10.7, "tasks"),
    ):
        canvas.text(x, 5.66, name, ha="center", fontsize=15, weight="bold", color=INK)
    return figure


def _draw_images(figure: Figure, canvas: Axes, shown: Shown) -> None:
    """Images of several dates, the pixel in them, and its crop."""
    row, col = shown.position
    for number, image in enumerate(shown.images[list(DATES)]):
        place = (0.25 + 0.14 * number, 2.95 - 0.14 * number, 2.0, 2.0)
        axis = _picture(figure, place, image)
    corner = col - CROP / 2, row - CROP / 2
    axis.add_patch(Rectangle(corner, CROP, CROP, fill=False, edgecolor=IMAGE_INK, linewidth=2.2))
    axis.plot(col, row, "s", markersize=4, color="white", markeredgecolor="black")
    canvas.text(1.4, 5.2, "images of a season", ha="center", fontsize=11.5, color=INK)
    half = CROP // 2
    crop = shown.images[DATES[-1]][row - half : row + half + 1, col - half : col + half + 1]
    zoomed = _picture(figure, (2.8, 0.42, 1.36, 1.36), crop)
    zoomed.spines[:].set(color=IMAGE_INK, linewidth=2.2)
    zoomed.plot(half, half, "s", markersize=10, markerfacecolor="none", markeredgecolor="white")
    canvas.text(3.48, 0.14, "the image around it", ha="center", fontsize=11.5, color=IMAGE_INK)
    _arrow(canvas, (1.6, 2.55), (2.75, 1.1), IMAGE_INK, "angle3,angleA=-90,angleB=180")
    _arrow(canvas, (2.6, 3.9), (2.98, 3.9), SERIES_INK)


def _draw_series(figure: Figure, canvas: Axes, shown: Shown) -> None:
    """Each index: observed dates and calendar on the left, its plot on the right."""
    colours = find_colours(shown.plots)
    for number, name in enumerate(INDICES):
        bottom = 4.24 - 1.02 * number
        axis = figure.add_axes(_fractions((3.35, bottom, 1.75, 0.84)))
        axis.plot(shown.series[number], color=SERIES_INK, linewidth=1.4)
        axis.plot(shown.steps, shown.values[number], "o", markersize=2.6, color="black")
        axis.set(xlim=(0, CALENDAR.length - 1), ylim=(-0.05, 1.08), yticks=[0, 1])
        axis.tick_params(labelsize=8.5, length=2)
        axis.spines[["top", "right"]].set_visible(False)
        axis.text(1.5, 0.86, name, fontsize=10.5, color=SERIES_INK, weight="bold")
        plot = figure.add_axes(_fractions((5.72, bottom, 0.84, 0.84)))
        plot.imshow(shown.plots[number], origin="lower", **colours)
        for each in (axis.xaxis, plot.xaxis, plot.yaxis):
            mark_months(each, CALENDAR, 3)
            if number < 2 or each is plot.yaxis:
                each.set_ticklabels([])
        plot.tick_params(labelsize=8, length=2)
        plot.tick_params(axis="x", rotation=90)
        plot.spines[:].set_color("0.7")
        _arrow(canvas, (5.2, bottom + 0.42), (5.62, bottom + 0.42), SERIES_INK)
    canvas.text(4.08, 5.2, "observed (dots), weekly (line)", ha="center", fontsize=11.5, color=INK)
    canvas.text(6.25, 5.2, "every pair of dates", ha="center", fontsize=11.5, color=INK)


def _draw_encoders(canvas: Axes) -> None:
    """Two boxes, and the loss that joins them."""
    _box(canvas, (7.3, 3.2, 1.6, 0.9), "series\nencoder", SERIES_INK)
    _box(canvas, (7.3, 0.65, 1.6, 0.9), "image\nencoder", IMAGE_INK)
    _arrow(canvas, (6.68, 3.65), (7.25, 3.65), SERIES_INK)
    _arrow(canvas, (4.25, 1.1), (7.25, 1.1), IMAGE_INK)
    canvas.text(8.1, 2.58, "contrastive loss", ha="center", fontsize=12, weight="bold", color=INK)
    told = "one pixel: alike\nother pixels: apart"
    canvas.text(8.1, 2.44, told, ha="center", va="top", fontsize=10.5, color=INK)
    _arrow(canvas, (8.1, 2.85), (8.1, 3.16), INK)
    _arrow(canvas, (8.1, 1.95), (8.1, 1.59), INK)


def _draw_tasks(canvas: Axes) -> None:
    """What each encoder serves afterwards, alone."""
    tasks = (
        (4.1, "pixel classification", "which crop grows here?", SERIES_INK, 3.65),
        (2.55, "forecasting", "how does the series go on?", SERIES_INK, 3.65),
        (0.65, "land cover", "what does an image show?", IMAGE_INK, 1.1),
    )
    for bottom, name, question, colour, source in tasks:
        _box(canvas, (9.55, bottom, 2.3, 0.9), "", colour, face="white")
        canvas.text(
            10.7, bottom + 0.57, name, ha="center", fontsize=12.5, weight="bold", color=colour
        )
        canvas.text(10.7, bottom + 0.2, question, ha="center", fontsize=10.5, color=INK)
        _arrow(canvas, (8.95, source), (9.5, bottom + 0.45), colour)


def _fractions(place: Sequence[float]) -> tuple[float, float, float, float]:
    """Left, bottom, width and height in inches -> in parts of the figure."""
    left, bottom, width, height = place
    return left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT


def _picture(figure: Figure, place: Sequence[float], image: np.ndarray) -> Axes:
    axis = figure.add_axes(_fractions(place), xticks=[], yticks=[])
    axis.imshow(image, interpolation="nearest")
    axis.spines[:].set(color="white", linewidth=1.5)
    return axis


def _box(
    canvas: Axes, place: Sequence[float], text: str, colour: str, face: str | None = None
) -> None:
    left, bottom, width, height = place
    style = "round,pad=0,rounding_size=0.12"
    canvas.add_patch(
        FancyBboxPatch(
            (left, bottom), width, height, style, facecolor=face or colour, edgecolor=colour, lw=1.8
        )
    )
    middle = left + width / 2, bottom + height / 2
    canvas.text(*middle, text, ha="center", va="center", fontsize=13, weight="bold", color="white")


def _arrow(
    canvas: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    bend: str = "arc3",
) -> None:
    canvas.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=14,
            connectionstyle=bend,
            color=colour,
            linewidth=1.8,
        )
    )


if __name__ == "__main__":
    drawn = draw_method(show_pixel())
    drawn.savefig(Path(__file__).with_name("method.png"), dpi=125, pil_kwargs={"optimize": True})
