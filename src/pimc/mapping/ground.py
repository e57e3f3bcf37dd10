"""A place in one season, as an encoder reads it: windows of images become embeddings of pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pimc.data.fingerprint import fingerprint
from pimc.data.patch import FILL
from pimc.data.stack.place import Place
from pimc.data.stack.scenes import place_facts
from pimc.signal.calendar import CalendarOptions
from pimc.signal.pixel_series import PixelSeries, SeriesRecipe, make_series
from pimc.signal.screening import ScreeningOptions
from pimc.signal.seasons import find_seasons, season_name

if TYPE_CHECKING:
    from pimc.model.encoders import SeriesEncoder

AT_ONCE = 4_096
"""Pixels whose series are made in one go: what lies between fits the processor's cache."""

TOGETHER = 128
"""Series that go through an encoder in one go on a CPU: a third faster than 512 on one core."""

TOGETHER_IN_HALF = 512
"""Likewise in bfloat16."""

TOGETHER_ON_GPU = 4_096

MOST_COUNTED = 255
"""Observations are counted in a byte."""


@dataclass(frozen=True, order=True)
class Window:
    """Rows and columns of a place.

    Attributes:
        row: the first.
        col: the first.
        height: rows.
        width: columns.
    """

    row: int
    col: int
    height: int
    width: int

    @property
    def size(self) -> int:
        """Pixels."""
        return self.height * self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Of an array of the place."""
        return (
            slice(self.row, self.row + self.height),
            slice(self.col, self.col + self.width),
        )


def cut_windows(shape: tuple[int, int], side: int) -> Iterator[Window]:
    """A place in squares, row by row; those at its end are smaller."""
    for row in range(0, shape[0], side):
        for col in range(0, shape[1], side):
            yield Window(row, col, min(side, shape[0] - row), min(side, shape[1] - col))


@dataclass(frozen=True, eq=False)
class Ground:
    """A place in one season.

    Attributes:
        place: opened with the bands that the encoder needs.
        days: T int64, days since 1970-01-01 of its images.
        recipe: of the series.
        season: first day of the season, days since 1970-01-01.
    """

    place: Place
    days: np.ndarray
    recipe: SeriesRecipe
    season: int

    @property
    def name(self) -> str:
        """Place, first and last day of the season: what files are called by."""
        last = self.season + self.recipe.calendar.span - 1
        return f"{self.place.name}_{season_name(self.season)}_{season_name(last)}"

    @property
    def fingerprint(self) -> str:
        """Changes whenever its series would be others."""
        return fingerprint(place_facts(self.place), self.recipe, self.season)

    def read(self, window: Window) -> np.ndarray:
        """Reflectance of a window's pixels, P x T x C int16; ``FILL`` for no data or a cloud.

        Raises:
            ValueError: if a file cannot be read.
        """
        from rasterio.windows import Window as Part

        part = Part(window.col, window.row, window.width, window.height)
        bands = len(self.place.bands)
        reflectance = np.empty((window.size, len(self.days), bands), np.int16)
        for time, image in enumerate(self.place.images):
            pixels = self.place.read(image, part)
            values = pixels.reflectance.reshape(bands, -1).T
            if pixels.clear is not None:
                values = np.where(pixels.clear.reshape(-1, 1), values, np.int16(FILL))
            reflectance[:, time] = values
        return reflectance

    def series(self, window: Window) -> PixelSeries:
        """Series of a window's pixels, row by row."""
        reflectance = self.read(window)
        made = [
            make_series(
                reflectance[start : start + AT_ONCE],
                self.days,
                self.place.bands,
                self.recipe,
                self.season,
            )
            for start in range(0, window.size, AT_ONCE)
        ]
        return PixelSeries(
            *(
                np.concatenate([getattr(part, name) for part in made])
                for name in ("series", "observed", "counts", "has_series")
            )
        )


def find_grounds(
    places: Sequence[Place],
    network: SeriesEncoder,
    calendar: CalendarOptions,
    screening: ScreeningOptions,
) -> list[Ground]:
    """Every season of every place, on the encoder's own calendar.

    A season is chosen by all dates of a place, never by those of a part of it: neighbours that
    read different years would make seams.

    Args:
        places: opened.
        network: whose indices and calendar the series have.
        calendar: which seasons are wanted, and how many observations a pixel needs.
        screening: of clouds.
    """
    config = network.config
    own = replace(
        config.calendar, min_observations=calendar.min_observations, seasons=calendar.seasons
    )
    recipe = SeriesRecipe(config.recurrence.indices, own, screening)
    grounds = []
    for place in places:
        dates = np.array([image.day for image in place.images], dtype="datetime64[D]")
        days = dates.astype(np.int64)
        grounds += [Ground(place, days, recipe, int(start)) for start in find_seasons(days, own)]
    return grounds


@dataclass(frozen=True, eq=False)
class Embedder:
    """An encoder as it embeds series of a map.

    Attributes:
        network: in evaluation mode, on its device.
        bf16: whether its forward pass is in bfloat16.
        projection: D x d float32 and the mean D float32 of a principal component analysis; None
            keeps all dimensions.
    """

    network: SeriesEncoder
    bf16: bool = False
    projection: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def size(self) -> int:
        """Dimensions of an embedding."""
        if self.projection is not None:
            return int(self.projection[0].shape[1])
        return self.network.embedding_size

    def embed(self, made: PixelSeries) -> np.ndarray:
        """P x D float32; NaN where a pixel has no series."""
        import torch

        from pimc.model.embedders.batches import embed_made

        device = next(self.network.parameters()).device.type
        on_cpu = TOGETHER_IN_HALF if self.bf16 else TOGETHER
        together = TOGETHER_ON_GPU if device == "cuda" else on_cpu
        half: Any = torch.autocast(device, torch.bfloat16) if self.bf16 else nullcontext()
        with half:
            embedded = embed_made(self.network, made, together)
        if self.projection is None:
            return embedded
        axes, mean = self.projection
        projected: np.ndarray = (embedded - mean) @ axes
        return projected


def count_bytes(counts: np.ndarray) -> np.ndarray:
    """Observations as uint8: 255 stands for so many or more."""
    counted: np.ndarray = np.minimum(counts, MOST_COUNTED).astype(np.uint8)
    return counted
