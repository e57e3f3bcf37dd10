"""What arms read of index series: the series, an encoder's embedding of them, or both."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from pimc.evaluation.arms import ArmRun
from pimc.evaluation.kinds import INPUTS, PRETRAINED, Input
from pimc.evaluation.protocol import Split
from pimc.evaluation.series_task import FindEncoder, SeriesOptions
from pimc.model.encoder_config import SeriesEncoderConfig
from pimc.model.encoders import SeriesEncoder
from pimc.model.heads import CONTROLS, SeriesNetwork, TaskNetwork
from pimc.pretraining.corpus import fit_on_rows
from pimc.pretraining.kept_encoder import KeptEncoder
from pimc.signal.row_subset import RowReader
from pimc.training.loop import Load, find_device, predict_network

logger = logging.getLogger(__name__)

CACHED = 16
"""Embeddings of all samples that are kept, the last ones read: those of full PASTIS take 300 MB
each."""


@dataclass(eq=False)
class SeriesInputs:
    """Inputs of arms on series; embeddings are computed once for each encoder.

    Attributes:
        series: N x I x L float32, finite.
        patch: N, the patch of each sample.
        fold: N, its fold.
        of_series: what the series are, and encoders that are not pretrained.
        find_encoder: gives the pretrained encoder of a run; None where there is none.
        device: auto, cpu or cuda.
        observed: N x L bool, where the series were observed, for encoders that read it; None
            counts all as observed.
    """

    series: np.ndarray
    patch: np.ndarray
    fold: np.ndarray
    of_series: SeriesOptions
    find_encoder: FindEncoder | None = None
    device: str = "auto"
    observed: np.ndarray | None = None
    _embedded: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict)

    def frozen(self, run: ArmRun, split: Split) -> RowReader:
        """Series N x I x L, embeddings N x D, or both side by side as N x D'."""
        parts = self.parts(_source(run), run, split)
        if len(parts) == 1:
            return parts[0]
        every = np.arange(len(self.series))
        return np.concatenate([part[every].reshape(len(every), -1) for part in parts], axis=1)

    def parts(self, kind: Input, run: ArmRun, split: Split) -> list[RowReader]:
        """What an arm reads frozen: the embedding, then the series, as far as it reads them."""
        embedded = [self._embed(kind, run, split)] if kind.encoder else []
        return [*embedded, self.series] if kind.series else [*embedded]

    def network(self, run: ArmRun, split: Split, outputs: int) -> nn.Module:
        """A network to train, drawn from torch's present random state."""
        kind = _source(run)
        convolutions = self.convolutions(kind, split)
        if kind.encoder is None:
            if convolutions is None:
                raise ValueError(f"the input {run.arm.input} has nothing to read")
            return TaskNetwork(convolutions, [convolutions.embedding_size], outputs)
        encoder = self._encoder(kind, run, split)
        return TaskNetwork(encoder, encoder.branch_sizes, outputs, convolutions)

    def load(self, rows: np.ndarray) -> Tensor:
        """Series of some samples: B x I x L float32."""
        return torch.from_numpy(np.asarray(self.series[rows]))

    def convolutions(self, kind: Input, split: Split) -> SeriesNetwork | None:
        """The network on series that an arm trains; None where it reads an encoder alone."""
        return self.series_network(self.series, split) if kind.series else None

    def series_network(self, series: RowReader, split: Split) -> SeriesNetwork:
        """A network on series, which are normalised as the training samples say."""
        train = series[split.train]
        mean, std = train.mean(axis=(0, 2)), train.std(axis=(0, 2))
        length = self.of_series.calendar.length
        # a channel that never varies tells nothing
        return SeriesNetwork(mean.tolist(), np.where(std > 0, std, 1).tolist(), length)

    def loader(self, run: ArmRun, network: nn.Module) -> Load:
        """Gathers what an arm's network reads: ``load``, or with the observed dates."""
        return self._loader(network)

    def _loader(self, network: nn.Module) -> Load:
        reads_observed = getattr(network, "reads_observed", False)
        return self._load_observed if reads_observed else self.load

    def transductive(self, run: ArmRun, split: Split) -> bool | str | None:
        """Whether the pretrained encoder has seen ground of the test samples; None: unknown."""
        if not run.arm.pretrained:
            return "none"
        seen = self._pretrained(run).config.trained_on
        if seen is None:
            return None
        tested = set(zip(self.patch[split.test], self.fold[split.test].tolist(), strict=True))
        if any(fold in seen.get(patch, ()) for patch, fold in tested):
            return True
        # a patch that was seen in other folds than it has now: the folds were dealt anew
        here, known = set(self.ground()), {patch for patch, _ in tested} & seen.keys()
        dealt_anew = [p for p in known if not any((p, fold) in here for fold in seen[p])]
        return None if dealt_anew else False

    def ground(self) -> list[tuple[str, int]]:
        """Patches with their folds, each once: what ``transductive`` knows the ground by."""
        return sorted(set(zip(self.patch.tolist(), self.fold.tolist(), strict=True)))

    def _embed(self, kind: Input, run: ArmRun, split: Split) -> np.ndarray:
        source: tuple[object, ...] = (run.seed, run.rotation)
        if kind.encoder == PRETRAINED:
            source = (self._find(run).digest,)
        key = (kind.encoder, kind.control, *source)
        return self.remember(key, partial(self._compute, kind, run, split))

    def remember(self, key: tuple[object, ...], make: Callable[[], np.ndarray]) -> np.ndarray:
        """Embeddings that are kept, made where they are not."""
        kept = self._embedded
        kept[key] = kept.pop(key) if key in kept else make()  # now the last one read
        if len(kept) > CACHED:
            del kept[next(iter(kept))]
        return kept[key]

    def _compute(self, kind: Input, run: ArmRun, split: Split) -> np.ndarray:
        with torch.random.fork_rng():
            torch.manual_seed(run.seed)
            encoder = self._encoder(kind, run, split)
        rows, device = np.arange(len(self.series)), find_device(self.device)
        return predict_network(encoder, self._loader(encoder), rows, device).numpy()

    def _load_observed(self, rows: np.ndarray) -> Tensor:
        """Series and, below the indices, where they were observed: B x (I + 1) x L float32."""
        series = self.load(rows)
        if self.observed is None:
            return series
        observed = torch.from_numpy(np.asarray(self.observed[rows])).to(series.dtype)
        return torch.cat([series, observed[:, None]], dim=1)

    def _find(self, run: ArmRun) -> KeptEncoder:
        if self.find_encoder is None:
            raise ValueError(f"arm {run.arm.name} needs a pretrained encoder, and there is none")
        return self.find_encoder(run)

    def _pretrained(self, run: ArmRun) -> SeriesEncoder:
        encoder = self._find(run).load()
        encoder.check(self.of_series.indices, self.of_series.calendar)
        return encoder

    def _encoder(self, kind: Input, run: ArmRun, split: Split) -> SeriesEncoder:
        """A new encoder: a copy of the pretrained one, or one with random weights."""
        if kind.encoder == PRETRAINED:
            pretrained = self._pretrained(run)
            encoder = SeriesEncoder(pretrained.config)
            encoder.load_state_dict(pretrained.state_dict())
        else:
            given = self.of_series
            fitted = fit_on_rows(self.series, split.train, given.recurrence, given.indices)
            config = SeriesEncoderConfig(given.architecture, given.calendar, fitted)
            encoder = SeriesEncoder(config)
        return encoder if kind.control is None else _spoil_plots(encoder, kind.control)


def _source(run: ArmRun) -> Input:
    """What an arm reads; one that names nothing reads the series."""
    return INPUTS[run.arm.input or "series"]


def _spoil_plots(encoder: SeriesEncoder, control: str) -> SeriesEncoder:
    """The branch of plots with a control in their place.

    The other branch is taken off: it would show the series that the control hides.
    """
    if encoder.network is None:
        raise ValueError(
            f"the control {control} takes the place of plots, and this encoder reads none; take "
            "the arm out (arms.<name>=null)"
        )
    encoder.temporal = None
    encoder.plots = CONTROLS[control](encoder.plots)  # type: ignore[assignment]
    return encoder
