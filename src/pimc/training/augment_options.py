"""Changes of series and images that keep what they show. This module knows no torch."""

from __future__ import annotations

from dataclasses import dataclass

from pimc.training.checks import check_not_negative, check_share


@dataclass(frozen=True)
class CropAugmentation:
    """Changes of a crop that keep what grows there; 0 or False switches one off.

    Attributes:
        turns: flips and quarter turns.
        gain: standard deviation of the logarithm of a brightness gain common to all bands.
        band_gain: the same of a gain of each band.
        noise: standard deviation of an offset of each pixel, common to its bands, reflectance.
        band_dropout: probability that a band is missing.
    """

    turns: bool = True
    gain: float = 0.05
    band_gain: float = 0.02
    noise: float = 0.002
    band_dropout: float = 0.0

    def __post_init__(self) -> None:
        """Check the strengths."""
        check_not_negative(self, "gain", "band_gain", "noise")
        check_share(self, "band_dropout")


@dataclass(frozen=True)
class SeriesAugmentation:
    """Changes of a series that keep what grows there; 0 switches one off.

    Attributes:
        level: spread of an offset of each index, in standard deviations of that index over
            training series: indices and bands are of very different spread.
        masking: share of the observed dates that are hidden, then filled linearly.
        shift: largest shift in time, calendar steps.
        stretch: largest relative change of the season's length.
    """

    level: float = 0.0
    masking: float = 0.1
    shift: float = 0.5
    stretch: float = 0.01

    def __post_init__(self) -> None:
        """Check the strengths."""
        check_not_negative(self, "level", "shift")
        check_share(self, "masking", "stretch")


@dataclass(frozen=True)
class ImageAugmentation:
    """Changes of an image that keep its class; 0 or False switches one off.

    Attributes:
        turns: flips and quarter turns.
        shift: pixels that an image is moved by at most.
        colour: spread of contrast, brightness and tint (``image_augment.recolour``).
        cutmix: share of the batches whose images get a part of another.
    """

    turns: bool = True
    shift: int = 4
    colour: float = 0.1
    cutmix: float = 0.5

    def __post_init__(self) -> None:
        """Check the strengths."""
        if self.shift < 0 or self.colour < 0 or not 0 <= self.cutmix <= 1:
            raise ValueError(
                f"shift and colour must not be negative and cutmix must lie in 0..1, got {self}"
            )
