"""Embeddings of all samples of a task, which many arms read."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np

CACHED = 16
"""Embeddings of all samples that are kept, the last ones read: those of full PASTIS take 300 MB
each."""


@dataclass(eq=False)
class Embeddings:
    """Embeddings by what they hang on, each computed once as long as it is read now and then."""

    _kept: dict[Hashable, np.ndarray] = field(default_factory=dict)

    def get(self, key: Hashable, embed: Callable[[], np.ndarray]) -> np.ndarray:
        """Those of a key, computed where they are not at hand."""
        embedded = self._kept.pop(key) if key in self._kept else embed()
        self._kept[key] = embedded  # now the last one read
        if len(self._kept) > CACHED:
            del self._kept[next(iter(self._kept))]
        return embedded
