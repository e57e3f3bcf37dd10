"""Sizes of the encoders, by name. This module knows no torch, so that options may name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pimc.data.stored_fields import restore_fields, store_fields

MOST = 4_096
"""Channels, or blocks: the largest networks of images have as many."""


@dataclass(frozen=True)
class Architecture:
    """Size of an encoder.

    Attributes:
        widths: channels of each stage; each stage after the first halves the image. None where
            the series alone are read and no plots.
        blocks: residual blocks in every stage.
        stem_stride: pixels the first convolution moves by; 2 halves the image at once.
        embedding_size: length of the embedding; of a series encoder that reads plots and series,
            of each of its two branches.
        temporal_width: channels of the branch that reads the series themselves; 0 for none.
    """

    widths: tuple[int, ...]
    blocks: int = 1
    stem_stride: int = 1
    embedding_size: int = 128
    temporal_width: int = 0

    def __post_init__(self) -> None:
        """Check the sizes."""
        if not (self.widths or self.temporal_width):
            raise ValueError(f"an encoder needs widths or a temporal_width, got {self}")
        if any(width < 8 or width % 8 for width in self.widths):
            raise ValueError(
                f"widths of an encoder must be multiples of 8 (groups of 8 channels are "
                f"normalised together), got {self.widths}"
            )
        for name in ("blocks", "stem_stride", "embedding_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} of an encoder must be at least 1, got {self}")
        sizes = (*self.widths, self.stem_stride, self.embedding_size, self.temporal_width)
        if max(*sizes, self.blocks * len(self.widths)) > MOST:  # of a file that is no encoder's
            raise ValueError(f"no size of an encoder may be above {MOST}, got {self}")
        if self.temporal_width < 0 or self.temporal_width % 8:
            raise ValueError(
                f"temporal_width of an encoder must be 0 or a multiple of 8, "
                f"got {self.temporal_width}"
            )

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return store_fields(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Back from ``to_json``.

        Raises:
            ValueError: if a field is missing, unknown or invalid.
        """
        return restore_fields(cls, stored, "architecture", newer=("temporal_width",))


@dataclass(frozen=True)
class Preset:
    """Architectures of the two encoders that are trained together."""

    series: Architecture
    image: Architecture


# a plot of 61 dates is a large, smooth image: halved by the stem; a crop of 15 pixels is not
PRESETS: Mapping[str, Preset] = {
    "tiny": Preset(
        series=Architecture((8, 16, 32, 64), stem_stride=2, embedding_size=64),
        image=Architecture((16, 32, 64), embedding_size=64),
    ),
    "small": Preset(
        series=Architecture((16, 32, 64, 128), stem_stride=2),
        image=Architecture((64, 96, 128)),
    ),
    # "small" whose series encoder reads the series beside their plots
    "fused": Preset(
        series=Architecture((16, 32, 64, 128), stem_stride=2, temporal_width=64),
        image=Architecture((64, 96, 128)),
    ),
    # the series alone, without plots
    "temporal": Preset(
        series=Architecture((), temporal_width=64),
        image=Architecture((64, 96, 128)),
    ),
    # for images larger than crops: land cover of 64 x 64 pixels needs the width, and its stem is
    # told to halve them (stem_stride of its arms)
    "wide": Preset(
        series=Architecture((16, 32, 64, 128), stem_stride=2),
        image=Architecture((64, 128, 256)),
    ),
    "base": Preset(
        series=Architecture((32, 64, 128, 256), blocks=2, stem_stride=2, embedding_size=256),
        image=Architecture((64, 128, 256), blocks=2, embedding_size=256),
    ),
}


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        ValueError: if there is none.
    """
    if name not in PRESETS:
        raise ValueError(f"no encoder preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
