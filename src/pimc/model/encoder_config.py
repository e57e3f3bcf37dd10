"""What encoders are built from, and what stands for them where torch is not imported."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from pimc.model.architecture import Architecture
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence


def check_normalisable(bands: Sequence[str], mean: Sequence[float], std: Sequence[float]) -> None:
    """Refuse statistics that cannot normalise a band.

    Raises:
        ValueError: naming the bands.
    """
    values = zip(bands, mean, std, strict=True)
    bad = [b for b, m, s in values if not (math.isfinite(m) and math.isfinite(s) and s > 0)]
    if bad:
        raise ValueError(
            f"mean and standard deviation must be finite and the latter above 0: "
            f"{', '.join(bad)} cannot be normalised (no data, or one value everywhere)"
        )


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
            "calendar": self.calendar.to_json(),
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
        unpaired: digest of the names of the images without series that it learned from; None
            where there were none, or it was stored before this was kept.
    """

    architecture: Architecture
    bands: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    substitutions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    trained_on: Ground | None = None
    unpaired: str | None = None

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
            # results hang on what is written here: where there is nothing to tell, nothing is
            **({} if self.unpaired is None else {"unpaired": self.unpaired}),
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
            unpaired=stored.get("unpaired"),
        )


class StoredSeriesEncoder(Protocol):
    """A series encoder as those see it who do not import torch (``pimc.model.encoders``)."""

    config: SeriesEncoderConfig

    def check(self, indices: Sequence[str], calendar: CalendarOptions) -> None:
        """Refuse series that are not what it was trained on."""


class StoredImageEncoder(Protocol):
    """An image encoder, likewise."""

    config: ImageEncoderConfig
