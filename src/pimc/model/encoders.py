"""The two encoders: one of index series, one of image crops. Each is usable alone.

Both keep what they need to read their input as they were trained: the series encoder its
calendar and recurrence transform, the image encoder its bands and their normalisation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pimc.model.blocks import ResidualNetwork
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.normalisation import BandNormalisation, check_reflectance
from pimc.model.plots.layer import RecurrencePlots
from pimc.model.temporal import TemporalBranch
from pimc.signal.calendar import CalendarOptions

SMALLEST_IMAGE = 8
"""Rows and columns that the image encoder needs: it halves an image up to three times."""


def check_calendar(own: CalendarOptions, calendar: CalendarOptions) -> None:
    """Refuse the calendar of some series that is not an encoder's own.

    Raises:
        ValueError: saying where they differ.
    """
    for name in ("start", "step", "length"):  # how many observations a pixel has may differ
        here, there = getattr(own, name), getattr(calendar, name)
        if here != there:
            raise ValueError(
                f"this encoder reads series on a calendar with {name} {here}, got {there}; "
                "make the series with the encoder's calendar"
            )


class SeriesEncoder(nn.Module):
    """Index series -> embedding, by their recurrence plots, by themselves, or by both.

    Of two branches the embeddings lie side by side. Each branch learns as if it were alone
    (``split``): what fits a loss on both at once is the branch that learns faster, which keeps
    the other from learning (Wang et al. 2020, arXiv 1905.12681).
    """

    kind = "series"

    def __init__(self, config: SeriesEncoderConfig):
        super().__init__()
        self.config = config
        self.plots = RecurrencePlots(config.recurrence)
        architecture = config.architecture
        self.network = self.temporal = None
        if architecture.widths:
            self.network = ResidualNetwork(self.plots.channels, architecture)
        if architecture.temporal_width:
            self.temporal = TemporalBranch(config.recurrence, architecture, config.calendar)

    @property
    def reads_observed(self) -> bool:
        """Whether a row that tells which dates were observed changes the embedding."""
        return self.config.recurrence.validity

    @property
    def branch_sizes(self) -> tuple[int, ...]:
        """Length of the embedding of each branch, in the order in which they lie."""
        branches = [branch for branch in (self.network, self.temporal) if branch is not None]
        return (self.config.architecture.embedding_size,) * len(branches)

    @property
    def embedding_size(self) -> int:
        """Length of the embedding, that of all branches together."""
        return sum(self.branch_sizes)

    def split(self, embedding: Tensor) -> tuple[Tensor, ...]:
        """Embedding B x embedding_size -> that of each branch, B x branch size."""
        parts: tuple[Tensor, ...] = torch.split(embedding, list(self.branch_sizes), dim=1)
        return parts

    def copy(self) -> SeriesEncoder:
        """Another one with the same weights."""
        twin = SeriesEncoder(self.config)
        twin.load_state_dict(self.state_dict())
        return twin

    def check(self, indices: Sequence[str], calendar: CalendarOptions) -> None:
        """Refuse series that are not what this encoder was trained on.

        Raises:
            ValueError: for other indices, another order of them, or another calendar.
        """
        expected = self.config.recurrence.indices
        if tuple(indices) != expected:
            raise ValueError(
                f"this encoder reads the indices {', '.join(expected)} in that order, "
                f"got {', '.join(indices)}"
            )
        check_calendar(self.config.calendar, calendar)

    def forward(self, series: Tensor) -> Tensor:
        """Embed series.

        Args:
            series: B x I x L float32 index values on the encoder's calendar, finite; or
                B x (I + 1) x L, where the last row is 1 at observed and 0 at filled dates. An
                encoder that does not read it ignores the row; one that does takes every date as
                observed where there is none.

        Returns:
            B x embedding_size.

        Raises:
            ValueError: for another number of indices or calendar steps.
        """
        indices, length = self.config.recurrence.indices, self.config.calendar.length
        rows = (len(indices), len(indices) + 1)
        if series.ndim != 3 or series.shape[1] not in rows or series.shape[2] != length:
            raise ValueError(
                f"expected series of B x {len(indices)} indices ({', '.join(indices)}) x "
                f"{length} calendar steps, perhaps with a row more of observed dates, got shape "
                f"{tuple(series.shape)}"
            )
        branches = []
        if self.network is not None:
            branches.append(self.network(self.plots(series)))
        if self.temporal is not None:
            branches.append(self.temporal(series))
        return torch.cat(branches, dim=1)


class ImageEncoder(nn.Module):
    """Image of reflectance -> embedding; any height and width."""

    kind = "image"

    def __init__(self, config: ImageEncoderConfig):
        super().__init__()
        self.config = config
        self.normalised = BandNormalisation(config.mean, config.std)
        self.network = ResidualNetwork(len(config.bands), config.architecture)
        # one that is fitted to images in other units (8 bit) has their statistics
        self.reads_reflectance = max(config.mean) <= 1 and max(config.std) < 1

    @property
    def embedding_size(self) -> int:
        """Length of the embedding."""
        return self.config.architecture.embedding_size

    def forward(self, reflectance: Tensor) -> Tensor:
        """Embed images.

        Args:
            reflectance: B x C x h x w float, 0..1, bands as in ``config.bands``. NaN is missing
                data and becomes the band's mean.

        Returns:
            B x embedding_size.

        Raises:
            ValueError: for another number of bands, an image of less than 8 x 8 pixels, or, in
                evaluation mode, images that are plainly not in 0..1.
        """
        bands, shape = self.config.bands, reflectance.shape
        if reflectance.ndim != 4 or shape[1] != len(bands) or min(shape[2:]) < SMALLEST_IMAGE:
            raise ValueError(
                f"expected images of B x {len(bands)} bands ({', '.join(bands)}) x at least "
                f"{SMALLEST_IMAGE} x {SMALLEST_IMAGE} pixels, got shape {tuple(shape)}"
            )
        # training reads what the project itself has scaled; traced code cannot look at values
        if self.reads_reflectance and not (self.training or torch.compiler.is_compiling()):
            check_reflectance(reflectance)
        out: Tensor = self.network(self.normalised(reflectance))
        return out
