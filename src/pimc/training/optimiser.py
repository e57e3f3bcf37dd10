"""AdamW with a warm-up and a cosine decay, for every training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pimc.training.checks import check_not_negative, check_share

if TYPE_CHECKING:
    from torch.nn import Parameter


@dataclass(frozen=True)
class OptimiserOptions:
    """AdamW with a linear warm-up and a cosine decay to 0.

    Attributes:
        learning_rate: at the end of the warm-up.
        weight_decay: of the weights of convolutions and linear maps; norms, biases and the
            temperature have none.
        warmup_share: of all steps.
        gradient_clip: largest norm of the gradient.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup_share: float = 0.05
    gradient_clip: float = 1.0

    def __post_init__(self) -> None:
        """Check the values."""
        check_not_negative(self, "weight_decay")
        check_share(self, "warmup_share")
        if not (self.learning_rate > 0 and self.gradient_clip > 0):
            raise ValueError(f"learning_rate and gradient_clip must be above 0, got {self}")


def learning_rate_factor(options: OptimiserOptions, steps: int) -> Callable[[int], float]:
    """Step -> factor of the learning rate: linear from 0 to 1, then half a cosine down to 0."""
    warmup = max(1, round(options.warmup_share * steps))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2

    return factor


def decay_groups(weights: Iterable[Parameter], decay: float) -> list[dict[str, Any]]:
    """AdamW's groups: matrices and convolutions decay; norms, biases, temperatures do not."""
    members = list(weights)
    groups: list[dict[str, Any]] = [
        {"params": [each for each in members if each.ndim > 1], "weight_decay": decay},
        {"params": [each for each in members if each.ndim <= 1], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
