"""What tasks on series share: their options, and which encoder a run reads.

All rotations of the folds share the catalog's encoder, or each has one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from pimc.data.fingerprint import fingerprint
from pimc.data.folds import FoldOptions
from pimc.evaluation.arms import Arm
from pimc.evaluation.kinds import PRETRAINED, SERIES_INPUTS, Input
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.task_options import TaskOptions
from pimc.model.architecture import Architecture, find_preset
from pimc.model.encoder_config import StoredSeriesEncoder
from pimc.pretraining.corpus import Corpus
from pimc.pretraining.encoder_plan import plan_encoders
from pimc.pretraining.kept_encoder import EncoderRun, EncoderTask, KeptEncoder
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.variants import SHIPPED, Variant
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions
from pimc.signal.series_axes import SeriesAxes

Kept = TypeVar("Kept")

CATALOG, BY_ROTATION = "catalog", "by_rotation"

FindEncoder = Callable[[ArmRun], KeptEncoder]
"""The pretrained encoder that a run reads: that of its arm, its seed, its rotation."""


@dataclass(frozen=True)
class SeriesTaskOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and what those on series are told.

    Attributes:
        preset: size of encoders that are not pretrained, where there is no pretrained one; where
            there is, they have its architecture.
        encoders: ``catalog``: all rotations share its encoder, which may have seen the test fold
            of some, and is then labelled transductive; ``by_rotation``: each rotation has one
            that is pretrained on its own training folds.
    """

    inputs: ClassVar[Mapping[str, Input]] = SERIES_INPUTS

    preset: str = "fused"
    encoders: str = CATALOG

    def __post_init__(self) -> None:
        """Check the preset's name and whose encoders are read too."""
        super().__post_init__()
        find_preset(self.preset)
        if self.encoders not in (CATALOG, BY_ROTATION):
            raise ValueError(f"encoders must be {CATALOG} or {BY_ROTATION}, got {self.encoders!r}")


@dataclass(frozen=True)
class SeriesOptions:
    """What series are, and encoders of them that are not pretrained.

    Attributes:
        indices: I names.
        calendar: on which the series lie.
        recurrence: of encoders that are not pretrained.
        architecture: likewise.
    """

    indices: list[str]
    calendar: CalendarOptions
    recurrence: RecurrenceOptions
    architecture: Architecture


COMES_WITH_THE_PACKAGE = "shipped"
"""What an arm of pixel classification calls the encoder that comes with the package."""


@dataclass(frozen=True, eq=False)
class ShippedEncoder:
    """The encoder that comes with the package, as far as it reads the series of a task.

    Attributes:
        kept: the encoder; None where it cannot read them.
        reason: why it cannot.
    """

    kept: KeptEncoder | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class SeriesEncoders:
    """Encoders that arms on series read.

    Attributes:
        recurrence: plots of encoders with first weights, fitted on a run's training samples.
        architecture: of these: that of the pretrained ones, so that pairs of arms fit.
        find: the pretrained encoder of a run; None where there is none.
        seeds: trainings that draws of labels take turns with.
        shipped: what arms read that name it as their encoder; None in tasks without such arms.
    """

    recurrence: RecurrenceOptions
    architecture: Architecture
    find: FindEncoder | None
    seeds: int = 1
    shipped: ShippedEncoder | None = None

    def untrained(self, axes: SeriesAxes) -> SeriesOptions:
        """What encoders with first weights hang on."""
        return SeriesOptions(list(axes.indices), axes.calendar, self.recurrence, self.architecture)

    def shortened(self, length: int) -> SeriesEncoders:
        """The same for the first steps of the calendar."""
        find = None if self.find is None else partial(_find_shortened, self.find, length)
        return replace(self, find=find)

    def digest(self, run: ArmRun) -> str | None:
        """What a run's result hangs on of a pretrained encoder."""
        return self.encoder_of(run).digest if _reads(run.arm) else None

    def encoder_of(self, run: ArmRun) -> KeptEncoder:
        """The pretrained encoder that a run reads.

        Raises:
            ValueError: if there is none.
        """
        if self._reads_shipped(run.arm) and self.shipped and self.shipped.kept:
            return self.shipped.kept
        if self.find is None:
            raise ValueError(f"arm {run.arm.name} needs a pretrained encoder, and there is none")
        return self.find(run)

    def absent(self, options: TaskOptions) -> dict[str, str]:
        """Arms that cannot run for want of one, and why."""
        reasons = {arm.name: self._lacks(arm) for arm in options.arms.values() if _reads(arm)}
        return {name: reason for name, reason in reasons.items() if reason}

    def _lacks(self, arm: Arm) -> str:
        if self.shipped and self._reads_shipped(arm):
            return self.shipped.reason
        return "" if self.find else "there is no pretrained series encoder"

    def _reads_shipped(self, arm: Arm) -> bool:
        return self.shipped is not None and arm.encoder == COMES_WITH_THE_PACKAGE


def plan_rotation_encoders(
    corpus: Corpus,
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    folds: FoldOptions,
    options: SeriesTaskOptions,
    checkpoints: Path,
) -> dict[str, EncoderTask]:
    """Encoders of each rotation, as shipped; none where all share that of the catalog."""
    if options.encoders == CATALOG:
        return {}
    shipped, effort = Variant(SHIPPED, recurrence, pretraining), options.protocol
    counts = effort.encoder_seeds, effort.rotations
    return plan_encoders(corpus, [shipped], *counts, folds, checkpoints)


def choose_encoders(
    options: SeriesTaskOptions,
    recurrence: RecurrenceOptions,
    axes: SeriesAxes,
    series_encoder: StoredSeriesEncoder | None,
    rotation_encoders: Mapping[str, KeptEncoder],
) -> SeriesEncoders:
    """The catalog's encoder for all runs, or that of each rotation.

    Raises:
        ValueError: if the catalog's encoder reads other series.
    """
    if options.encoders == BY_ROTATION:
        first = next(iter(rotation_encoders.values())).load()
        seeds = options.protocol.encoder_seeds
        find: FindEncoder = partial(of_rotation, rotation_encoders, seeds)
        return SeriesEncoders(recurrence, first.config.architecture, find, seeds)
    if series_encoder is None:
        return SeriesEncoders(recurrence, find_preset(options.preset).series, None)
    series_encoder.check(axes.indices, axes.calendar)
    return SeriesEncoders(recurrence, series_encoder.config.architecture, always(series_encoder))


def find_shipped(axes: SeriesAxes) -> ShippedEncoder:
    """The encoder that comes with the package, for series of some indices and calendar."""
    from pimc.model.shipped import shipped_encoder
    from pimc.model.storage import encoder_digest

    try:
        encoder = shipped_encoder(axes.indices, axes.calendar)
    except ValueError as error:
        return ShippedEncoder(None, f"the encoder of the package: {error}")
    digest = fingerprint(encoder_digest(encoder), axes.calendar)
    return ShippedEncoder(KeptEncoder(digest, lambda: encoder))


def always(encoder: StoredSeriesEncoder) -> FindEncoder:
    """One encoder for all runs."""
    from pimc.model.encoders import SeriesEncoder
    from pimc.model.storage import encoder_digest

    if not isinstance(encoder, SeriesEncoder):
        raise TypeError(f"expected an encoder of series, got {type(encoder).__name__}")
    kept = KeptEncoder(encoder_digest(encoder), lambda: encoder)
    return lambda run: kept


def of_rotation(kept: Mapping[str, Kept], seeds: int, run: ArmRun) -> Kept:
    """Of those that each rotation has as shipped, that of a run."""
    return kept[EncoderRun(SHIPPED, run.seed % seeds, run.rotation).name]


def _reads(arm: Arm) -> bool:
    """Whether an arm reads a pretrained encoder of series."""
    return arm.source.encoder == PRETRAINED


def _find_shortened(find: FindEncoder, length: int, run: ArmRun) -> KeptEncoder:
    """The encoder of a run for the first steps of its calendar."""
    from pimc.model.adapt import shorten

    kept = find(run)
    return replace(kept, load=lambda: shorten(kept.load(), length))
