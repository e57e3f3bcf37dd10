"""Large arrays made piece by piece, so that memory does not grow with their length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ArrayChunk:
    """Rows ``start`` to ``start + len(rows)`` of an array of ``total`` rows."""

    rows: np.ndarray
    start: int
    total: int

    def __post_init__(self) -> None:
        """Check that the rows lie within the array."""
        if self.start < 0 or self.start + len(self.rows) > self.total:
            raise ValueError(
                f"chunk of {len(self.rows)} rows from {self.start} does not fit {self.total} rows"
            )
