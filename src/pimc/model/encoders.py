"""The two encoders: one of index series, one of image crops. Each is usable alone.

Both keep what they need to read their input as they were trained: the series encoder its
calendar and recurrence transform, the image encoder its bands and their normalisation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import torch
from torch import Tensor, nn

from pimc.model.architecture import Architecture
from pimc.model.blocks import ResidualNetwork
from pimc.model.normalisation import BandNormalisation, check_normalisable, check_reflectance
from pimc.model.plots.layer import RecurrencePlots
from pimc.model.temporal import TemporalBranch
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence

SMALLEST_IMAGE = 8
"""Rows and columns that the image encoder needs: it halves an image up to three times."""

Ground = Mapping[str, tuple[int, ...]]
"""Patches, and the folds of each."""


def _ground_to_json(ground: Ground | None) -> dict[str, list[int]] | None:
    return None if ground is None else {patch: list(folds) for patch, folds in ground.items()}


def _ground_from_json(
    stored: Mapping[str, Sequence[int]] | None,
) -> dict[str, tuple[int, ...]] | None:
    # encoders of before this was kept have no such entry
    return None if stored is None else {patch: tuple(folds) for patch, folds in stored.items()}


@dataclass(frozen=True)
class SeriesEncoderConfig:
    """What a series encoder is built from.

    Attributes:
        architecture: of the network.
        calendar: on which the series lie; its length is L.
        recurrence: the fitted transform; its indices are the I indices.
        trained_on: ground that training or the choice of its epoch has seen, folds by patch;
            None where unknown.
    """

    architecture: Architecture
    calendar: CalendarOptions
    recurrence: Recurrence
    trained_on: Ground | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return {
            "architecture": self.architecture.to_json(),
            "calendar": asdict(self.calendar),
            "recurrence": self.recurrence.to_json(),
            "trained_on": _ground_to_json(self.trained_on),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Back from ``to_json``."""
        return cls(
            architecture=Architecture.from_json(stored["architecture"]),
            calendar=CalendarOptions(**stored["calendar"]),
            recurrence=Recurrence.from_json(stored["recurrence"]),
            trained_on=_ground_from_json(stored.get("trained_on")),
        )


@dataclass(frozen=True)
class ImageEncoderConfig:
    """What an image encoder is built from.

    Attributes:
        architecture: of the network.
        bands: names of the C bands, in order.
        mean: of each band over the training ground, reflectance 0..1.
        std: of each band over the training ground, reflectance.
        substitutions: by place, band asked for -> band that stood in for it in training.
        trained_on: ground that training or the choice of its epoch has seen, folds by patch;
            None where unknown.
    """

    architecture: Architecture
    bands: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    substitutions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    trained_on: Ground | None = None

    def __post_init__(self) -> None:
        """Check that every band can be normalised."""
        if not self.bands or not len(self.bands) == len(self.mean) == len(self.std):
            raise ValueError(
                f"an image encoder needs a mean and a standard deviation of each band "
                f"({', '.join(self.bands)}), got {len(self.mean)} and {len(self.std)}"
            )
        if self.architecture.temporal_width or not self.architecture.widths:
            raise ValueError(
                f"an image encoder has widths and no temporal_width, got {self.architecture}"
            )
        check_normalisable(self.bands, self.mean, self.std)

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return {
            "architecture": self.architecture.to_json(),
            "bands": list(self.bands),
            "mean": list(self.mean),
            "std": list(self.std),
            "substitutions": {place: dict(bands) for place, bands in self.substitutions.items()},
            "trained_on": _ground_to_json(self.trained_on),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Back from ``to_json``."""
        return cls(
            architecture=Architecture.from_json(stored["architecture"]),
            bands=tuple(stored["bands"]),
            mean=tuple(stored["mean"]),
            std=tuple(stored["std"]),
            substitutions=stored["substitutions"],
            trained_on=_ground_from_json(stored.get("trained_on")),
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
        grid = ("start", "step", "length")  # how many observations a pixel has may differ
        for name in grid:
            here, there = getattr(self.config.calendar, name), getattr(calendar, name)
            if here != there:
                raise ValueError(
                    f"this encoder reads series on a calendar with {name} {here}, got {there}; "
                    "make the series with the encoder's calendar"
                )

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
