"""Encoders that tasks on series read: the catalog's for all rotations, or one of each rotation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pimc.catalog.metrics import log_step
from pimc.data.folds import FoldOptions
from pimc.evaluation.arms import ArmRun, FindEncoder, TaskOptions, always
from pimc.model.architecture import Architecture, find_preset
from pimc.pipelines.corpus import gather_corpus
from pimc.pretraining.encoder_plan import plan_encoders
from pimc.pretraining.kept_encoder import EncoderRun, EncoderTask, KeptEncoder
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.variants import Variant
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions

CATALOG, BY_ROTATION = "catalog", "by_rotation"

SHIPPED = "shipped"
"""Name of the variant of pretraining that the parameters hold."""


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

    preset: str = "small"
    encoders: str = CATALOG

    def __post_init__(self) -> None:
        """Check the preset's name and whose encoders are read too."""
        super().__post_init__()
        find_preset(self.preset)
        if self.encoders not in (CATALOG, BY_ROTATION):
            raise ValueError(f"encoders must be {CATALOG} or {BY_ROTATION}, got {self.encoders!r}")


def train_by_rotation(
    recurrence: RecurrenceOptions,
    pretraining: PretrainingOptions,
    folds: FoldOptions,
    options: SeriesTaskOptions,
    checkpoints: Path,
    calendar: CalendarOptions,
    indices: list[str],
    corpus: Mapping[str, Any],
) -> dict[str, EncoderTask]:
    """One encoder a rotation, as shipped; none where all rotations share that of the catalog.

    ``corpus`` holds what ``pimc.pipelines.corpus.gather_corpus`` reads besides.
    """
    if options.encoders == CATALOG:
        return {}
    shipped = Variant(SHIPPED, recurrence, pretraining)
    data = gather_corpus(indices=indices, calendar=calendar, **corpus)
    rotations = options.protocol.rotations
    return plan_encoders(data, [shipped], 1, rotations, folds, checkpoints, log_step)


def find_encoders(
    options: SeriesTaskOptions,
    series_encoder: Any,  # noqa: ANN401
    rotation_encoders: Mapping[str, KeptEncoder],
    indices: list[str],
    calendar: CalendarOptions,
) -> FindEncoder | None:
    """Which encoder a run reads; None where there is none.

    ``series_encoder`` is a ``SeriesEncoder``, or None where there is none. (Kedro builds options
    from type hints, which must be resolved without torch.)
    """
    if options.encoders == BY_ROTATION:
        return partial(_of_rotation, rotation_encoders)
    if series_encoder is None:
        return None
    series_encoder.check(indices, calendar)
    return always(series_encoder)


def untrained_architecture(
    options: SeriesTaskOptions,
    series_encoder: Any,  # noqa: ANN401
    rotation_encoders: Mapping[str, KeptEncoder],
) -> Architecture:
    """Of encoders with first weights: that of the pretrained ones, so that pairs of arms fit."""
    if options.encoders == BY_ROTATION:
        series_encoder = next(iter(rotation_encoders.values())).load()
    if series_encoder is None:
        return find_preset(options.preset).series
    architecture: Architecture = series_encoder.config.architecture
    return architecture


def _of_rotation(kept: Mapping[str, KeptEncoder], run: ArmRun) -> KeptEncoder:
    return kept[EncoderRun(SHIPPED, 0, run.rotation).name]
