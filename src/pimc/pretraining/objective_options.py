"""What pretraining minimises: a weighted sum of terms. This module knows no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pimc.model.losses.kinds import LOSSES
from pimc.training.checks import check_not_negative, check_share

NEGATIVES = ("all", "exclude", "soft")
TERMS = ("pair", "series", "masked", "image")
"""Terms by name, in the order in which they are computed."""


@dataclass(frozen=True)
class MaskOptions:
    """Which observed dates of a series the masked term hides.

    Attributes:
        share: of the observed dates, each hidden by itself.
        block: share of the calendar that is hidden in one piece, wherever it lies.
    """

    share: float = 0.3
    block: float = 0.2

    def __post_init__(self) -> None:
        """Check that something is hidden."""
        check_share(self, "share", "block")
        if self.share == 0 and self.block == 0:
            raise ValueError("a mask hides something: share or block must be above 0")


@dataclass(frozen=True)
class ObjectiveOptions:
    """The loss: weights of the terms, and how two sides are compared.

    Uni-modal SimCLR on series is ``series`` alone, a masked autoencoder of series ``masked`` alone.

    Attributes:
        loss: of pairs and of views, of ``pimc.model.losses.kinds.LOSSES``.
        pair: weight of the pairs of a series and its crops.
        series: weight of the pairs of two views of one series.
        masked: weight of the reconstruction of hidden dates.
        image: weight of the pairs of two views of one unpaired image.
        negatives: what is done with others that show the same (same parcel, overlapping crops,
            series nearer than ``near``): ``all`` counts them as negatives, ``exclude`` leaves
            them out, ``soft`` counts them as positives beside the own one.
        near: distance of two standardised series (root mean square over indices and dates)
            below which they count as the same; 0 for never.
        mask: of the masked term.
    """

    loss: str = "infonce"
    pair: float = 1.0
    series: float = 1.0
    masked: float = 0.0
    image: float = 0.0
    negatives: str = "all"
    near: float = 0.0
    mask: MaskOptions = field(default_factory=MaskOptions)

    def __post_init__(self) -> None:
        """Build the mask from a mapping; check names and weights."""
        if isinstance(self.mask, Mapping):
            object.__setattr__(self, "mask", MaskOptions(**self.mask))
        for name, known in {"loss": tuple(LOSSES), "negatives": NEGATIVES}.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"objective.{name} must be one of {', '.join(known)}, "
                    f"got {getattr(self, name)!r}"
                )
        check_not_negative(self, *TERMS, "near")
        if not self.pair + self.series + self.masked:
            raise ValueError(
                "the objective trains no series encoder: pair, series or masked must be above 0"
            )
        if not LOSSES[self.loss].negatives and self.negatives != "all":
            raise ValueError(
                f"{self.loss} compares no negatives, so objective.negatives must be all, "
                f"got {self.negatives!r}"
            )
        if self.negatives == "all" and self.near:
            raise ValueError("objective.near needs negatives: exclude or soft")

    @property
    def terms(self) -> dict[str, float]:
        """Weights of the terms in use, by name."""
        return {name: getattr(self, name) for name in TERMS if getattr(self, name)}

    @property
    def images(self) -> bool:
        """Whether an image encoder is trained."""
        return bool(self.pair or self.image)
