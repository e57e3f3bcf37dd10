"""What arms that tell classes of pixels read beside series: all bands, others' embeddings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.evaluation.arms import ArmRun
from pimc.evaluation.kinds import Input
from pimc.evaluation.peer_files import read_peer
from pimc.evaluation.protocol import Split
from pimc.evaluation.series_inputs import SeriesInputs
from pimc.model.heads import SeriesNetwork
from pimc.signal.row_subset import RowReader
from pimc.training.loop import Load

DIGESTED = 8_192
"""Rows of bands that are read at a time for their digest."""


@dataclass(eq=False, kw_only=True)
class PixelInputs(SeriesInputs):
    """Inputs of arms on pixels; bands stay on disk, embeddings are read once for each file.

    Attributes:
        samples: N rows: patch, row and col.
        source_pixels: what the source calls its pixels (``pimc.pretraining.corpus.Corpus``).
        bands: N x C x L float32, all bands on the calendar; None where there are none.
    """

    samples: pd.DataFrame
    source_pixels: pd.DataFrame
    bands: RowReader | None = None
    _digests: dict[str, str] = field(default_factory=dict)

    def parts(self, kind: Input, run: ArmRun, split: Split) -> list[RowReader]:
        """The encoder's embedding, the series, others' embeddings, the bands."""
        parts = super().parts(kind, run, split)
        if kind.embeddings:
            parts.append(self._of_others(run))
        if kind.bands:
            parts.append(self._all_bands())
        return parts

    def convolutions(self, kind: Input, split: Split) -> SeriesNetwork | None:
        """The network on series or on bands."""
        if kind.bands:
            return self.series_network(self._all_bands(), split)
        return super().convolutions(kind, split)

    def loader(self, run: ArmRun, network: nn.Module) -> Load:
        """Gathers bands where the arm reads them."""
        return self._load_bands if run.arm.source.bands else super().loader(run, network)

    def transductive(self, run: ArmRun, split: Split) -> bool | str | None:
        """As of series; what others' encoders have seen is not known."""
        ours = super().transductive(run, split)
        return ours if ours is True or not run.arm.embeddings else None

    def digest(self, run: ArmRun) -> str | None:
        """What a run's result hangs on of bands or of others' embeddings; None for nothing."""
        if run.arm.embeddings:
            return self._digest(f"file {run.arm.file}", lambda: array_digest(self._of_others(run)))
        if run.arm.source.bands:
            return self._digest("bands", lambda: _digest_rows(self._all_bands()))
        return None

    def _digest(self, name: str, make: Callable[[], str]) -> str:
        if name not in self._digests:
            self._digests[name] = make()
        return self._digests[name]

    def _of_others(self, run: ArmRun) -> np.ndarray:
        file = run.arm.file or ""
        read = partial(read_peer, file, self.samples, self.source_pixels)
        return self.remember(("file", file), read)

    def _all_bands(self) -> RowReader:
        if self.bands is None:
            raise ValueError("an arm reads the bands, and there are no series of them")
        return self.bands

    def _load_bands(self, rows: np.ndarray) -> Tensor:
        """Bands of some samples: B x C x L float32."""
        return torch.from_numpy(np.asarray(self._all_bands()[rows]))


def _digest_rows(array: RowReader) -> str:
    """A digest of all values, a part in memory at a time."""
    starts = range(0, array.shape[0], DIGESTED)
    rows = (np.arange(start, min(start + DIGESTED, array.shape[0])) for start in starts)
    return fingerprint(*(array_digest(np.asarray(array[part])) for part in rows))
