"""What arms that tell classes of pixels read: series, bands, crops, and embeddings of any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.evaluation.crop_inputs import CropInputs
from pimc.evaluation.kinds import PRETRAINED, Input
from pimc.evaluation.peer_files import read_peer
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.series_inputs import LoadSeries, SeriesInputs, source_of
from pimc.evaluation.series_training import UNCHANGED, series_training
from pimc.model.encoder_config import Ground
from pimc.model.encoders import SeriesEncoder
from pimc.model.heads import SeriesNetwork
from pimc.model.pixel_encoders import BelowBands, Encoder, PixelEncoder, PixelViews
from pimc.signal.row_subset import RowReader
from pimc.training.loop import Load

DIGESTED = 8_192
"""Rows of bands that are read at a time for their digest."""


@dataclass(eq=False, kw_only=True)
class PixelInputs(SeriesInputs):
    """Inputs of arms on pixels; bands stay on disk, embeddings are made once.

    What an arm reads are parts: frozen they lie side by side, in a network each is a view with a
    head of its own.

    Attributes:
        samples: N rows: patch, row and col.
        source_pixels: what the source calls its pixels (``pimc.pretraining.corpus.Corpus``).
        bands: N x C x L float32, all bands on the calendar; None where there are none.
        crops: of the images around the samples; None where there are no images, or no arms that
            read them.
    """

    samples: pd.DataFrame
    source_pixels: pd.DataFrame
    bands: RowReader | None = None
    crops: CropInputs | None = None
    _digests: dict[str, str] = field(default_factory=dict)

    def parts(self, run: ArmRun, split: Split) -> list[RowReader]:
        """Those of series, then others' embeddings, the bands, the embedding of crops."""
        source, parts = source_of(run), super().parts(run, split)
        if source.embeddings:
            parts.append(self._of_others(run))
        if source.bands:
            parts.append(self._all_bands())
        if source.crops:
            parts.append(self._all_crops().frozen(run, split))
        return parts

    def encoder(self, run: ArmRun, split: Split) -> Encoder | None:
        """The encoder of series, that of crops, or both as one."""
        source = source_of(run)
        series = self._below_bands(run, split) if source.encoder else None
        if source.crops is None:
            return series
        if not _reads_series(source):
            _check_unchanged(run)
        crops = self._all_crops().encoder(run, split)
        return crops if series is None else PixelEncoder(series, crops)

    def convolutions(self, run: ArmRun, split: Split) -> SeriesNetwork | None:
        """The network on series or on bands."""
        if source_of(run).bands:
            return self.series_network(self._all_bands(), split)
        return super().convolutions(run, split)

    def series_loader(self, run: ArmRun, network: nn.Module) -> LoadSeries:
        """Gathers series, bands, or below the bands the series that an encoder reads."""
        source, series = source_of(run), super().series_loader(run, network)
        if not source.bands:
            return series
        if source.encoder is None:
            return self._load_bands
        return lambda rows: torch.cat([self._load_bands(rows), series(rows)], dim=1)

    def loader(self, run: ArmRun, network: nn.Module) -> Load:
        """Gathers series, crops, or both."""
        source, series = source_of(run), self.series_loader(run, network)
        if source.crops is None:
            return series
        crops = self._all_crops()
        if not _reads_series(source):
            return crops.load
        return lambda rows: PixelViews(series(rows), crops.load(rows))

    def grounds(self, run: ArmRun) -> list[Ground | None]:
        """Those of series and of crops; what others' encoders have seen is not known."""
        source, grounds = source_of(run), super().grounds(run)
        if source.crops == PRETRAINED:
            grounds.append(self._all_crops().trained_on(run))
        return [*grounds, None] if source.embeddings else grounds

    def digests(self, run: ArmRun) -> tuple[str, ...]:
        """What a run's result hangs on of others' embeddings, bands, crops or the precision."""
        source, digests = source_of(run), [*self.computed(run)]
        if source.embeddings:
            file, digest = run.arm.file, lambda: array_digest(self._of_others(run))
            digests.append(self._digest(f"file {file}", digest))
        if source.bands:
            digests.append(self._digest("bands", lambda: _digest_rows(self._all_bands())))
        if source.crops and self.crops:
            digests += self.crops.digests(run)
        return tuple(digests)

    def _digest(self, name: str, make: Callable[[], str]) -> str:
        if name not in self._digests:
            self._digests[name] = make()
        return self._digests[name]

    def _of_others(self, run: ArmRun) -> np.ndarray:
        file = run.arm.file or ""
        read = partial(read_peer, file, self.samples, self.source_pixels)
        return self._embedded.get(("file", file), read)

    def _below_bands(self, run: ArmRun, split: Split) -> SeriesEncoder | BelowBands:
        """The encoder of series, below the bands where the arm reads them too."""
        series = self.series_encoder(run, split)
        bands = source_of(run).bands
        return BelowBands(series, self._all_bands().shape[1]) if bands else series

    def _all_bands(self) -> RowReader:
        if self.bands is None:
            raise ValueError("an arm reads the bands, and there are no series of them")
        return self.bands

    def _all_crops(self) -> CropInputs:
        if self.crops is None:
            raise ValueError("an arm reads the images around the pixels, and there are none")
        return self.crops

    def _load_bands(self, rows: np.ndarray) -> Tensor:
        """Bands of some samples: B x C x L float32."""
        return torch.from_numpy(np.asarray(self._all_bands()[rows]))


def _reads_series(source: Input) -> bool:
    """Whether series are among what is read, in any form."""
    return bool(source.encoder or source.series or source.bands)


def _check_unchanged(run: ArmRun) -> None:
    """Refuse changes of series where none are read."""
    if series_training(run.arm.options).augmentation != UNCHANGED:
        raise ValueError(
            f"arm {run.arm.name} reads no series: level, masking, shift and stretch "
            "change nothing of what it learns from; take them out"
        )


def _digest_rows(array: RowReader) -> str:
    """A digest of all values, a part in memory at a time."""
    starts = range(0, array.shape[0], DIGESTED)
    rows = (np.arange(start, min(start + DIGESTED, array.shape[0])) for start in starts)
    return fingerprint(*(array_digest(np.asarray(array[part])) for part in rows))
