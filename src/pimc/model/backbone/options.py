"""Which backbones of others are read. This module knows no torch, so that options may name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GIVEN = ("pretrained", "checkpoint_path", "num_classes", "in_chans", "features_only")
"""Arguments of ``timm.create_model`` that follow from the other options."""


@dataclass(frozen=True)
class BackboneOptions:
    """An image network of timm with weights from a file; nothing is ever downloaded.

    Attributes:
        model: name of the network in timm.
        weights: file of its weights (``pimc.model.backbone.checkpoint.read_weights``).
        bands: that the weights read, all of them, in the order of the first convolution.
        prefix: with which the names of its weights begin within the file.
        arguments: of ``timm.create_model`` besides, such as ``dynamic_img_size: true`` of a
            vision transformer.
    """

    model: str
    weights: str
    bands: tuple[str, ...]
    prefix: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the bands a tuple; check what is known without timm."""
        if isinstance(self.bands, str):
            raise ValueError(f"bands of a backbone must be a list of names, got {self.bands!r}")
        object.__setattr__(self, "bands", tuple(self.bands))
        if not (self.model and self.weights and self.bands):
            raise ValueError(f"a backbone needs a model, weights and bands, got {self}")
        if ":" in self.model:  # timm takes what stands before it for a place to download from
            raise ValueError(
                f"model of a backbone must be one of timm's own names, such as resnet18, "
                f"got {self.model!r}"
            )
        if len(set(self.bands)) < len(self.bands):
            raise ValueError(f"bands of a backbone must differ, got {', '.join(self.bands)}")
        if given := [name for name in GIVEN if name in self.arguments]:
            raise ValueError(
                f"arguments of a backbone must not hold {', '.join(given)}: weights and bands "
                "tell what it is"
            )
