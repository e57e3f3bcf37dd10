"""What the readers of images share: options of what to read and how to cut it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pimc.data.labels.options import LabelOptions
from pimc.data.option_check import check_options
from pimc.data.stack.bands import is_reflectance
from pimc.data.stack.masks import MASKS
from pimc.data.stack.offsets import Offset, check_offset
from pimc.data.stack.settling import Reading

RESAMPLING = ("nearest", "bilinear", "cubic")


@dataclass(frozen=True)
class SceneOptions:
    """How to read images and to cut their places into patches.

    Attributes:
        path: of the images.
        bands: wanted, in this order; B8A stands in for a missing B08.
        patch_size: pixels a side; the smallest side over the places where that is less.
        offset: added to reflectance x 10,000 as stored. ``auto`` reads it from each file: its
            tags, metadata or a STAC item beside it, its product name. A number overrules
            them (-1000 for L2A since baseline 04.00), or a mapping of numbers by place, by dates
            (``2022-01-25/..``), or of the second inside the first.
        mask: ``auto`` (the first of SCL, CLOUD, CLM, S2_MASK, CLOUD_PROBABILITY and CLP that
            files have),
            one of these, or None to leave masks alone.
        cloud_threshold: percent from which on a probability is cloud (40 where None); given, it
            says that a band CLOUD holds a probability.
        resampling: ``nearest``, ``bilinear`` or ``cubic``, of reflectance that lies on another
            grid; masks take the nearest pixel.
        held_out: share of the longer side of each place that is kept for validation.
        gap: unused pixels between training and held-out ground, wider than a crop.
        labels: of the ground (``LabelOptions``), with which folds are blocks of labelled features.
    """

    path: str
    bands: tuple[str, ...] = ("B02", "B03", "B04", "B08")
    patch_size: int = 96
    offset: Offset = "auto"
    mask: str | None = "auto"
    cloud_threshold: float | None = None
    resampling: str = "nearest"
    held_out: float = 0.3
    gap: int = 17
    labels: Any = field(default_factory=LabelOptions)

    def __post_init__(self) -> None:
        """Build labels that come as a mapping; check each option by itself."""
        if isinstance(self.labels, Mapping):
            check_options(LabelOptions, self.labels, "scenes.labels")
            object.__setattr__(self, "labels", LabelOptions(**self.labels))
        unknown = [band for band in self.bands if not is_reflectance(band)]
        if unknown or not self.bands or len(set(self.bands)) < len(self.bands):
            raise ValueError(
                f"bands must be different names such as B02 or B8A, got {', '.join(self.bands)}"
            )
        if self.patch_size < 1 or self.gap < 0 or not 0 <= self.held_out < 1:
            raise ValueError(
                "expected patch_size >= 1, gap >= 0 and held_out in [0, 1), got "
                f"{self.patch_size}, {self.gap} and {self.held_out}"
            )
        check_offset(self.offset)
        if self.mask not in (None, "auto", *MASKS):
            raise ValueError(f"mask must be auto, {', '.join(MASKS)} or null, got {self.mask!r}")
        if self.cloud_threshold is not None and not 0 < self.cloud_threshold <= 100:
            raise ValueError(f"cloud_threshold must be in (0, 100], got {self.cloud_threshold}")
        if self.resampling not in RESAMPLING:
            raise ValueError(f"resampling must be {', '.join(RESAMPLING)}, got {self.resampling!r}")

    @property
    def reading(self) -> Reading:
        """What to read from the files of each place."""
        return Reading(
            bands=self.bands,
            band_names=None,
            mask=self.mask,
            cloud_threshold=self.cloud_threshold,
            offset=self.offset,
            grid="refuse",
            resampling=self.resampling,
        )
