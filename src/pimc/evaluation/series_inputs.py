"""What arms read of index series: the series, an encoder's embedding of them, or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from pimc.data.folds import patch_of
from pimc.evaluation.embeddings import Embeddings
from pimc.evaluation.kinds import INPUTS, NETWORK, PRETRAINED, Input
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.series_task import FindEncoder, SeriesOptions
from pimc.model.encoder_config import Ground, SeriesEncoderConfig
from pimc.model.encoders import SeriesEncoder
from pimc.model.heads import CONTROLS, SeriesNetwork, TaskNetwork
from pimc.model.pixel_encoders import Encoder
from pimc.pretraining.corpus import fit_on_rows
from pimc.pretraining.kept_encoder import KeptEncoder
from pimc.signal.row_subset import RowReader
from pimc.training.loop import Load, find_device, predict_network
from pimc.training.options import MIXED, SINGLE
from pimc.training.precision import computes_mixed

LoadSeries = Callable[[np.ndarray], Tensor]
"""Row numbers to the series that a network reads of them, B x ... x L, on the CPU."""


@dataclass(eq=False)
class SeriesInputs:
    """Inputs of arms on series; embeddings are computed once for each encoder.

    Attributes:
        series: N x I x L float32, finite.
        patch: N, the patch of each sample (``pimc.data.folds.name_ground``).
        fold: N, its fold.
        of_series: what the series are, and encoders that are not pretrained.
        find_encoder: gives the pretrained encoder of a run; None where there is none.
        device: auto, cpu or cuda.
        observed: N x L bool, where the series were observed, for encoders that read it; None
            counts all as observed.
        precision: of networks that are trained (``computes_mixed``).
    """

    series: np.ndarray
    patch: np.ndarray
    fold: np.ndarray
    of_series: SeriesOptions
    find_encoder: FindEncoder | None = None
    device: str = "auto"
    observed: np.ndarray | None = None
    precision: str = SINGLE
    _embedded: Embeddings = field(default_factory=Embeddings)

    def __post_init__(self) -> None:
        """Settle the precision where runs are planned: keys of results hang on it."""
        self.mixed = computes_mixed(self.precision, find_device(self.device))

    def computed(self, run: ArmRun) -> tuple[str, ...]:
        """What a run's result hangs on of the precision: nothing in float32."""
        return (MIXED,) if run.arm.kind == NETWORK and self.mixed else ()

    def frozen(self, run: ArmRun, split: Split) -> RowReader:
        """Series N x I x L, embeddings N x D, or both side by side as N x D'."""
        parts = self.parts(run, split)
        if len(parts) == 1:
            return parts[0]
        every = np.arange(len(self.series))
        return np.concatenate([part[every].reshape(len(every), -1) for part in parts], axis=1)

    def parts(self, run: ArmRun, split: Split) -> list[RowReader]:
        """What an arm reads frozen: the embedding, then the series, as far as it reads them."""
        source = source_of(run)
        parts: list[RowReader] = [self._embed(run, split)] if source.encoder else []
        return [*parts, self.series] if source.series else parts

    def network(self, run: ArmRun, split: Split, outputs: int) -> nn.Module:
        """A network to train, drawn from torch's present random state."""
        # in this order: results hang on what is drawn first
        convolutions, encoder = self.convolutions(run, split), self.encoder(run, split)
        if encoder is not None:
            sizes = encoder.branch_sizes
            return TaskNetwork(encoder, sizes, outputs, convolutions, self.mixed)
        if convolutions is None:
            raise ValueError(f"the input {run.arm.input} has nothing to read")
        return TaskNetwork(convolutions, (convolutions.embedding_size,), outputs, None, self.mixed)

    def encoder(self, run: ArmRun, split: Split) -> Encoder | None:
        """The encoder that an arm trains; None where it reads none."""
        return self.series_encoder(run, split) if source_of(run).encoder else None

    def series_encoder(self, run: ArmRun, split: Split) -> SeriesEncoder:
        """A new one: a copy of the pretrained one, or one with random weights."""
        kind = source_of(run)
        if kind.encoder == PRETRAINED:
            encoder = self._pretrained(run).copy()
        else:
            given = self.of_series
            fitted = fit_on_rows(self.series, split.train, given.recurrence, given.indices)
            config = SeriesEncoderConfig(given.architecture, given.calendar, fitted)
            encoder = SeriesEncoder(config)
        return encoder if kind.control is None else _spoil_plots(encoder, kind.control)

    def convolutions(self, run: ArmRun, split: Split) -> SeriesNetwork | None:
        """The network on series that an arm trains; None where it reads an encoder alone."""
        return self.series_network(self.series, split) if source_of(run).series else None

    def load(self, rows: np.ndarray) -> Tensor:
        """Series of some samples: B x I x L float32."""
        return torch.from_numpy(np.asarray(self.series[rows]))

    def series_network(self, series: RowReader, split: Split) -> SeriesNetwork:
        """A network on series, which are normalised as the training samples say."""
        train = series[split.train]
        mean, std = train.mean(axis=(0, 2)), train.std(axis=(0, 2))
        length = self.of_series.calendar.length
        # a channel that never varies tells nothing
        return SeriesNetwork(mean.tolist(), np.where(std > 0, std, 1).tolist(), length)

    def loader(self, run: ArmRun, network: nn.Module) -> Load:
        """Gathers what an arm's network reads."""
        return self.series_loader(run, network)

    def series_loader(self, run: ArmRun, network: nn.Module) -> LoadSeries:
        """Gathers the series that it reads: ``load``, or with the observed dates."""
        return self._loader(network)

    def _loader(self, network: nn.Module) -> LoadSeries:
        reads_observed = getattr(network, "reads_observed", False)
        return self._load_observed if reads_observed else self.load

    def transductive(self, run: ArmRun, split: Split) -> bool | str | None:
        """Whether a pretrained encoder has seen ground of the test samples; None: unknown."""
        answers = [self.saw_test(ground, split) for ground in self.grounds(run)]
        if not answers:
            return "none"
        return True if True in answers else None if None in answers else False

    def grounds(self, run: ArmRun) -> list[Ground | None]:
        """What each pretrained encoder that an arm reads has seen; None where unknown."""
        pretrained = source_of(run).encoder == PRETRAINED
        return [self._pretrained(run).config.trained_on] if pretrained else []

    def saw_test(self, seen: Ground | None, split: Split) -> bool | None:
        """Whether ground that an encoder has seen holds ground of the test samples."""
        if seen is None:
            return None
        tested = set(zip(self.patch[split.test], self.fold[split.test].tolist(), strict=True))
        if any(fold in seen.get(patch, ()) for patch, fold in tested):
            return True
        return None if self._dealt_anew(seen, {patch for patch, _ in tested}) else False

    def _dealt_anew(self, seen: Ground, tested: set[str]) -> bool:
        """Whether ground was dealt to other folds when an encoder saw it: nobody knows of which."""
        # by name, where folds come from labels
        others = {patch_of(name) for name in seen if name not in tested}
        if others & {patch_of(name) for name in tested}:
            return True
        # else a patch that was seen in none of the folds that it has now
        here, known = set(self.ground()), {p for p in tested & seen.keys() if patch_of(p) == p}
        return any(not any((p, fold) in here for fold in seen[p]) for p in known)

    def ground(self) -> list[tuple[str, int]]:
        """Patches with their folds, each once: what ``transductive`` knows the ground by."""
        return sorted(set(zip(self.patch.tolist(), self.fold.tolist(), strict=True)))

    def _embed(self, run: ArmRun, split: Split) -> np.ndarray:
        kind = source_of(run)
        source: tuple[object, ...] = (run.seed, run.rotation)
        if kind.encoder == PRETRAINED:
            source = (self._find(run).digest,)
        key = (kind.encoder, kind.control, *source)
        return self._embedded.get(key, lambda: self._compute(run, split))

    def _compute(self, run: ArmRun, split: Split) -> np.ndarray:
        with torch.random.fork_rng():
            torch.manual_seed(run.seed)
            encoder = self.series_encoder(run, split)
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


def source_of(run: ArmRun) -> Input:
    """What an arm reads; one that names nothing reads series."""
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
