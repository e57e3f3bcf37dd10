"""What a map is made of."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pimc.compute.options import ComputeOptions

logger = logging.getLogger(__name__)

INT8, FLOAT32 = "int8", "float32"
"""How embeddings are stored."""

BOTH, SERIES = "both", "series"
"""Branches of a fused encoder that are read."""


@dataclass(frozen=True)
class MapOptions:
    """What a map is made of.

    Attributes:
        stored_as: of embeddings: int8 with a scale a pixel, or float32.
        dimensions: of embeddings, by the first principal components of pixels all over the
            places; None keeps all.
        branch: of an encoder that reads plots and series: both, or the series alone, which is
            several times faster.
        precision: of the encoder's forward pass: float32, or bf16 where the processor has it.
        like: pixels to which all others are compared: ``r120c80`` (row and column), or
            ``at:longitude:latitude`` in degrees; several joined by ``+``; None makes no such map.
        smoothing: pixels a side of the window over which class probabilities are smoothed
            (``pimc.mapping.smoothing``), odd; 1 smooths nothing.
        smoothness: how far neighbours draw a pixel: the variance of a logit that is taken as noise.
        inverse_decay: values of C that the classes' logistic regression chooses from.
        block: pixels a side of what is embedded and stored at a time, a multiple of 16.
        device: auto, cpu or cuda.
        seed: of the choice of pixels for ``dimensions``.
    """

    stored_as: str = INT8
    dimensions: int | None = None
    branch: str = BOTH
    precision: str = "float32"
    like: str | None = None
    smoothing: int = 1
    smoothness: float = 20.0
    inverse_decay: tuple[float, ...] = (0.001, 0.01, 0.1, 1.0)
    block: int = 256
    device: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check each option by itself."""
        known = {
            "stored_as": (INT8, FLOAT32),
            "branch": (BOTH, SERIES),
            "precision": ("float32", "bf16"),
            "device": ("auto", "cpu", "cuda"),
        }
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise ValueError(
                    f"mapping.{name} must be {' or '.join(values)}, got {getattr(self, name)!r}"
                )
        if self.dimensions is not None and self.dimensions < 1:
            raise ValueError(f"mapping.dimensions must be at least 1, got {self.dimensions}")
        if self.smoothing < 1 or self.smoothing % 2 == 0:
            raise ValueError(f"mapping.smoothing must be odd, 1 for none, got {self.smoothing}")
        if not self.smoothness > 0:
            raise ValueError(f"mapping.smoothness must be above 0, got {self.smoothness}")
        if self.block < 16 or self.block % 16:
            raise ValueError(f"mapping.block must be a multiple of 16, got {self.block}")
        if not self.inverse_decay or min(self.inverse_decay) <= 0:
            raise ValueError(
                f"mapping.inverse_decay must be values above 0, got {self.inverse_decay}"
            )


def is_on_gpu(mapping: MapOptions, compute: ComputeOptions) -> bool:
    """Whether this process embeds on a GPU; workers have none of their own.

    Raises:
        ValueError: if workers are asked for one.
    """
    import torch

    if compute.here:
        there = mapping.device == "auto" and torch.cuda.is_available()
        return mapping.device == "cuda" or there
    if mapping.device == "cuda":
        raise ValueError(
            f"mapping.device=cuda maps in one process: expected compute=threads, got "
            f"compute={compute.engine}"
        )
    if mapping.device == "auto" and torch.cuda.is_available():
        logger.info("workers embed on processors: compute=threads embeds on the GPU of this one")
    return False
