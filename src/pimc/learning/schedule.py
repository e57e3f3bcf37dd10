"""The course of the learning rate, of pretraining and of the tasks."""

from __future__ import annotations

import math
from collections.abc import Callable

from pimc.learning.options import OptimiserOptions


def learning_rate_factor(options: OptimiserOptions, steps: int) -> Callable[[int], float]:
    """Step -> factor of the learning rate: linear from 0 to 1, then half a cosine down to 0."""
    warmup = max(1, round(options.warmup_share * steps))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2

    return factor
