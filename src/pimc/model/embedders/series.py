"""An encoder of series that takes the reflectance of pixels.

Its series never lie on another calendar than its own: they are made on it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from pimc.data.given import (
    given_bands,
    given_days,
    pick_bands,
    reflectance_scale,
    store_reflectance,
)
from pimc.data.labelled import embedded_like, is_labelled, labels, ordered
from pimc.model.embedders.batches import embed_made, parts, spread
from pimc.model.encoder_config import SeriesEncoderConfig
from pimc.model.encoders import SeriesEncoder
from pimc.signal.calendar import BEST, season_starts
from pimc.signal.pixel_series import PixelSeries, SeriesRecipe, make_series, needed_bands
from pimc.signal.same_day import DayOrder, order_days
from pimc.signal.screening import ScreeningOptions
from pimc.signal.seasons import find_seasons, season_name

if TYPE_CHECKING:
    from xarray import DataArray

logger = logging.getLogger(__name__)

PIXELS = 4_096
"""Whose series are made in one go."""

TOGETHER = 128
"""Series that go through an encoder in one go: a third faster than 512 on one core."""


class SeriesEmbedder:
    """An encoder of series that takes the reflectance of pixels.

    Attributes:
        network: reads filled index series on ``calendar``; in evaluation mode.
        screening: of clouds and shadows.
        bands: that are needed, for the indices and for the screening.
    """

    def __init__(self, network: SeriesEncoder, screening: ScreeningOptions | None = None):
        self.network = network.eval()
        self.screening = screening or ScreeningOptions()
        self.bands = needed_bands(self.indices)

    @property
    def config(self) -> SeriesEncoderConfig:
        """What the network is built from: indices, calendar, plots, ground it has seen."""
        return self.network.config

    @property
    def indices(self) -> tuple[str, ...]:
        """Channels of the series, in order."""
        return self.config.recurrence.indices

    @property
    def embedding_size(self) -> int:
        """D, length of an embedding."""
        return self.network.embedding_size

    def seasons(self, dates: Iterable[Any]) -> list[str]:
        """Seasons that some dates make series of, by their first day: each may be embedded."""
        starts = find_seasons(given_days(dates, "dates"), self.config.calendar)
        return [season_name(start) for start in starts]

    @overload
    def embed(self, reflectance: DataArray, *, season: object = None) -> DataArray: ...

    @overload
    def embed(
        self,
        reflectance: np.ndarray,
        dates: Iterable[Any],
        bands: Iterable[str],
        *,
        season: object = None,
    ) -> np.ndarray: ...

    def embed(
        self,
        reflectance: np.ndarray | DataArray,
        dates: Iterable[Any] | None = None,
        bands: Iterable[str] | None = None,
        *,
        season: object = None,
    ) -> np.ndarray | DataArray:
        """Embed pixels.

        Args:
            reflectance: pixels x dates x bands; floats of 0..1, NaN where there is no data or a
                cloud is known, or integers x 10,000, 0 or -32768 there. Or an array of xarray
                with axes time and band, and any others (pixel; y and x).
            dates: of the second axis, in any order; several of a day become one. Text,
                ``datetime64``, ``datetime``. Of an array of xarray its coordinate is read.
            bands: of the third axis, in any order; further ones are not read. Likewise.
            season: first day of the season to be embedded, as 2019-01-01; None takes the one with
                most dates, as the pipelines do for a place.

        Returns:
            Pixels x D float32, NaN for pixels with fewer clear dates in the season than
            ``config.calendar.min_observations``. An array of xarray has its other axes, then
            ``embedding``, with their coordinates.

        Raises:
            ValueError: for another unit, a missing band, other dates than there are, or a season
                that holds none.
        """
        if is_labelled(reflectance):
            labelled = ordered(reflectance, ("time", "band"), "reflectance")
            dates = labels(labelled, -2, "reflectance") if dates is None else dates
            bands = labels(labelled, -1, "reflectance") if bands is None else bands
            return embedded_like(labelled, self._embed(labelled, dates, bands, season))
        if dates is None or bands is None:
            raise ValueError("expected dates and bands beside an array, got none; give both")
        array = np.asarray(reflectance)
        if array.ndim != 3:
            raise ValueError(
                f"expected reflectance of pixels x dates x bands, got shape {array.shape}"
            )
        return self._embed(array, dates, bands, season)

    def _embed(
        self,
        array: np.ndarray | DataArray,
        dates: Iterable[Any],
        bands: Iterable[str],
        season: object,
    ) -> np.ndarray:
        days, names = given_days(dates, "dates"), given_bands(bands, "bands")
        outer = array.shape[:-2]
        if array.shape[-2:] != (len(days), len(names)):
            raise ValueError(
                f"expected reflectance of {len(days)} dates x {len(names)} bands on its last axes, "
                f"got shape {tuple(array.shape)}"
            )
        columns = pick_bands(names, self.bands, "the encoder's indices and the cloud screening")
        order = order_days(days)
        start = self._season(order, season)
        scale = reflectance_scale(spread(array, outer)[..., columns], "reflectance")
        recipe = SeriesRecipe(self.indices, self.config.calendar, self.screening)
        embedded = np.full((*outer, self.embedding_size), np.nan, np.float32)
        for rows in parts(outer, PIXELS):
            pixels = np.asarray(array[rows])[..., columns].reshape(-1, len(days), len(columns))
            stored = order.merge(store_reflectance(pixels, scale))
            made = make_series(stored, order.days, self.bands, recipe, start)
            embedded[rows] = self.embed_series(made).reshape(embedded[rows].shape)
        missing = int(np.isnan(embedded[..., 0]).sum())
        if missing:
            logger.info("%d of %d pixels have too few clear dates", missing, prod(outer))
        return embedded

    def embed_series(self, made: PixelSeries) -> np.ndarray:
        """Embeddings P x D float32 of series that were made; NaN where a pixel has none."""
        return embed_made(self.network, made, TOGETHER)

    def _season(self, order: DayOrder, season: object) -> int:
        """First day of the season, days since 1970-01-01."""
        if order.repeated:
            logger.info("%d days have several acquisitions: they become one", order.repeated)
        calendar = self.config.calendar
        if season is None:
            found = find_seasons(order.days, calendar)
            best = int(find_seasons(order.days, replace(calendar, seasons=BEST))[0])
            if len(found) > 1:
                names = ", ".join(map(season_name, found))
                logger.info("seasons %s: embedding %s", names, season_name(best))
            return best
        start = int(given_days([season], "season")[0])
        inside = (order.days >= start) & (order.days < start + calendar.span)
        if start not in season_starts(order.days, calendar) or not inside.any():
            raise ValueError(
                f"season must be the first day of the encoder's calendar ({calendar.start}) in a "
                f"year whose season holds dates, got {season}; these hold most: "
                f"{', '.join(map(season_name, find_seasons(order.days, calendar)))}"
            )
        return start
