"""Maps to look at: a picture of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pimc.data.patch import FILL, REFLECTANCE_SCALE
from pimc.data.stack.grid import Grid
from pimc.data.stack.place import Place
from pimc.mapping.area import HECTARE, pixel_hectares
from pimc.mapping.components import principal_axes
from pimc.mapping.raster import Colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LARGEST = 1_024
"""Pixels a side of a picture at most."""

LOOKED_AT = 64
"""Rows and columns of an image that tell how clear it is."""

TRUE_COLOUR = ("B04", "B03", "B02")
FALSE_COLOUR = ("B08", "B04", "B02")

STRETCHED = (1, 99)
"""Percentiles of the reflectance of a band that are drawn black and full."""

SIDE = 3.6
"""Of a picture in a figure, inches."""

SHOWN = 12
"""Classes that a legend lists at most."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a map.

    Attributes:
        title: above it.
        image: H x W x 3 uint8, or H x W float of 0..1 and NaN.
        text: H x W of words that a pointer shows; None for the values.
    """

    title: str
    image: np.ndarray
    text: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class MapPictures:
    """Pictures of a place and season.

    Attributes:
        name: of the map.
        grid: of the place.
        panels: side by side.
        legend: class and its colour.
    """

    name: str
    grid: Grid
    panels: Sequence[Panel]
    legend: Sequence[tuple[str, Colour]] = ()


def thin_shape(shape: tuple[int, int], most: int = LARGEST) -> tuple[int, int]:
    """Rows and columns of a picture of a raster."""
    times = max(1, -(-max(shape) // most))
    return (-(-shape[0] // times), -(-shape[1] // times))


def read_thinned(path: Path, bands: Sequence[int] | None = None, most: int = LARGEST) -> np.ndarray:
    """Bands of a raster as a picture needs them: C x h x w."""
    import rasterio

    with rasterio.open(path) as source:
        wanted = list(bands or source.indexes)
        thin: np.ndarray = source.read(
            wanted, out_shape=(len(wanted), *thin_shape(source.shape, most))
        )
    return thin


def draw_ground(place: Place, season: tuple[int, int]) -> Panel:
    """The clearest image of a season in true colour, or false colour where there is no green.

    Args:
        place: opened with the bands of the picture.
        season: first day and last-plus-one, days since 1970-01-01.
    """
    days = np.array([image.day for image in place.images], "datetime64[D]").astype(int)
    inside = [n for n, day in enumerate(days) if season[0] <= day < season[1]]
    chosen = max(inside, key=lambda number: _clear_share(place, number))
    shape = thin_shape(place.grid.shape)
    pixels = place.read(place.images[chosen], None, shape)
    values = np.where(pixels.reflectance == FILL, np.nan, pixels.reflectance / REFLECTANCE_SCALE)
    scaled = np.stack([_stretch(band) for band in values])
    colours = "true colour" if place.bands[1] == "B03" else "near infrared, red, blue"
    image = np.moveaxis(np.rint(255 * scaled), 0, 2).astype(np.uint8)
    return Panel(f"{place.images[chosen].day}, {colours}", image)


def _stretch(band: np.ndarray) -> np.ndarray:
    """Reflectance of a band as 0..1; white where there is no data."""
    known = band[np.isfinite(band)]
    low, high = np.percentile(known, STRETCHED) if known.size else (0.0, 1.0)
    stretched = (band - low) / max(high - low, 1e-6)
    shown: np.ndarray = np.clip(np.nan_to_num(stretched, nan=1.0), 0, 1)
    return shown


def _clear_share(place: Place, number: int) -> float:
    pixels = place.read(place.images[number], None, thin_shape(place.grid.shape, LOOKED_AT))
    seen = (pixels.reflectance != FILL).all(axis=0)
    if pixels.clear is not None:
        return float((seen & pixels.clear).mean())
    # without a mask the darkest of equally complete images has least cloud
    bright = pixels.reflectance[:, seen].mean() / REFLECTANCE_SCALE if seen.any() else 1.0
    return float(seen.mean() - bright)


def draw_classes(codes: np.ndarray, names: Sequence[str], colours: dict[int, Colour]) -> Panel:
    """Classes in their colours; white where there is no data."""
    table = np.full((256, 3), 255, np.uint8)
    words = np.full(256, "no data", object)
    for code, name in enumerate(names):
        table[code], words[code] = colours[code][:3], name
    return Panel("classes", table[codes], words[codes])


def draw_embedding(values: np.ndarray) -> Panel:
    """The three principal components of embeddings D x h x w (NaN: no data) as red, green, blue."""
    size, *shape = values.shape
    flat = values.reshape(size, -1).T
    known = np.isfinite(flat).all(axis=1)
    image = np.full((len(flat), 3), 255, np.uint8)
    if known.sum() > 3:
        axes, mean = principal_axes(flat[known], min(3, size))
        parts = (flat[known] - mean) @ axes
        low, high = np.percentile(parts, (2, 98), axis=0)
        scaled = np.clip((parts - low) / np.maximum(high - low, 1e-9), 0, 1)
        image[known, : scaled.shape[1]] = np.rint(255 * scaled)
    return Panel("embedding (three components)", image.reshape(*shape, 3))


def draw_overview(maps: Sequence[MapPictures]) -> Figure:
    """All maps of a run, a row each."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    columns = max(len(each.panels) for each in maps)
    tall = max(each.panels[0].image.shape[0] * pixel_aspect(each.grid) for each in maps)
    wide = max(each.panels[0].image.shape[1] for each in maps)
    height = min(max(SIDE * tall / wide, SIDE / 2), 2 * SIDE)
    size = (SIDE * columns + 2.2, (height + 1.4) * len(maps))
    # a title of two lines is not counted by the layout
    figure = Figure(size, layout=ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - 0.2 / size[1])))
    rows = figure.subplots(len(maps), columns, squeeze=False)
    for axes, pictures in zip(rows, maps, strict=True):
        _draw_row(list(axes), pictures)
    return figure


def draw_map(pictures: MapPictures) -> Figure:
    """One map."""
    return draw_overview([pictures])


def _draw_row(axes: Sequence[Axes], pictures: MapPictures) -> None:
    for axis in axes:
        axis.set_axis_off()
    aspect = pixel_aspect(pictures.grid)
    for axis, panel in zip(axes, pictures.panels, strict=False):
        drawn = axis.imshow(
            panel.image, aspect=aspect, interpolation="nearest", vmin=0, vmax=1, cmap="viridis"
        )
        axis.set_title(panel.title, fontsize=9)
        if panel.image.ndim == 2:
            axis.figure.colorbar(drawn, ax=axis, location="bottom", shrink=0.7, pad=0.02)
        if panel.text is not None and pictures.legend:
            _draw_legend(axis, pictures.legend)
    axes[0].set_title("")
    axes[0].set_title(f"{pictures.name}\n{pictures.panels[0].title}", fontsize=9, loc="left")
    _draw_scale_bar(axes[0], pictures)


def _draw_legend(axis: Axes, legend: Sequence[tuple[str, Colour]]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(color="#{:02x}{:02x}{:02x}".format(*colour[:3]), label=name)
        for name, colour in legend[:SHOWN]
    ]
    if len(legend) > SHOWN:
        handles.append(Patch(color="none", label=f"and {len(legend) - SHOWN} more"))
    axis.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=3,
        fontsize=8,
        frameon=False,
    )


def _draw_scale_bar(axis: Axes, pictures: MapPictures) -> None:
    """A bar of a round length below a picture, where the grid has a CRS."""
    width = pictures.panels[0].image.shape[1]
    metres = pixel_width(pictures.grid) * pictures.grid.shape[1] / width
    if not np.isfinite(metres):
        return
    length = round_length(metres * width / 3)
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    down = pictures.panels[0].image.shape[0] * 1.04
    axis.plot([0, length / metres], [down, down], color="black", linewidth=3, clip_on=False)
    axis.text(length / metres * 1.04, down, words, fontsize=8, va="center", clip_on=False)


def pixel_width(grid: Grid) -> float:
    """Metres of a pixel from west to east in the middle of a grid; NaN without a CRS."""
    # its area over its height: the two sides of a pixel in degrees differ in metres
    return float(np.sqrt(pixel_hectares(grid) * HECTARE / pixel_aspect(grid)))


def pixel_aspect(grid: Grid) -> float:
    """Height of a pixel over its width, in metres."""
    from rasterio.crs import CRS

    a, b, _, d, e, north = grid.transform
    sides = np.hypot(b, e) / np.hypot(a, d)
    if grid.crs is not None and CRS.from_wkt(grid.crs).is_geographic:
        middle = north + d * grid.shape[1] / 2 + e * grid.shape[0] / 2
        return float(sides / np.cos(np.deg2rad(middle)))
    return float(sides)


def round_length(most: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not more."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(step * power for step in (1, 2, 5) if step * power <= most))
