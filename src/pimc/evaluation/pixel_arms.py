"""Runs of arms on labelled pixels; pixel classification and the ablation share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pimc.data.fingerprint import array_digest, fingerprint
from pimc.data.folds import FoldOptions
from pimc.evaluation.arms import ArmTask, FindEncoder, TaskOptions
from pimc.evaluation.planning import drop_absent, drop_arms, plan_runs, plan_tasks
from pimc.evaluation.protocol import split_rotations
from pimc.model.architecture import Architecture
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions

RESULT_VERSION = 2
"""Raise it when the code gives other results from the same data and options."""


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


def plan_pixel_arms(
    task: str,
    index_series: np.ndarray,
    observed: np.ndarray,
    series_pixels: pd.DataFrame,
    classes: list[str],
    of_series: SeriesOptions,
    folds: FoldOptions,
    options: PixelOptions,
    find_encoder: FindEncoder | None,
) -> dict[str, ArmTask]:
    """One task a run of an arm, rotation by rotation and arm by arm.

    In this order runs that read one encoder follow each other, and its embeddings are computed
    once. Without ``find_encoder``, arms that need a pretrained encoder are left out.
    """
    from pimc.evaluation.classify import KINDS, Classification
    from pimc.evaluation.series_inputs import INPUTS, SeriesInputs

    options.check_arms(KINDS, INPUTS)
    protocol = options.protocol
    samples = options.samples(series_pixels, classes)
    fold, labels = samples["fold"].to_numpy(), samples["label"].to_numpy()
    rows = samples["row"].to_numpy()
    series, seen = np.asarray(index_series[rows]), np.asarray(observed[rows])
    inputs = SeriesInputs(
        series,
        samples["patch"].to_numpy(),
        fold,
        of_series.indices,
        of_series.calendar,
        of_series.recurrence,
        of_series.architecture,
        find_encoder,
        options.device,
        seen,
    )
    classification = Classification(
        inputs, labels, len(classes), protocol.max_train, options.device, options.seed
    )
    runs = list(plan_runs(task, options))
    if find_encoder is None:
        runs = drop_absent(options, runs, "there is no pretrained series encoder")
    if not of_series.architecture.widths:
        controls = [
            arm.name for arm in options.arms.values() if INPUTS[arm.input or "series"].control
        ]
        runs = drop_arms(runs, controls, "the encoder reads no plots that they could spoil")
    position = {name: number for number, name in enumerate(options.arms)}
    runs.sort(key=lambda run: (run.rotation, position[run.arm.name]))
    splits = split_rotations(fold, np.ones(len(samples), bool), folds, protocol.rotations)
    facts = (
        RESULT_VERSION,
        array_digest(series, seen, labels, fold),
        (len(classes), fingerprint(inputs.ground())),
        folds,
        protocol.max_train,
        options.seed,
        of_series,
    )
    return plan_tasks(runs, classification.run, splits, facts, find_encoder)


VOID, BACKGROUND = "Void", "Background"
"""Classes of PASTIS: void pixels are never scored, background if asked for."""


@dataclass(frozen=True)
class PixelOptions(TaskOptions):
    """What all tasks are told (``TaskOptions``), and which pixels take part.

    Attributes:
        background: whether the class Background takes part.
    """

    background: bool = True

    def samples(self, series_pixels: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
        """Pixels that take part, those with a class that counts; ``row`` is the row of each."""
        left_out = {VOID} if self.background else {VOID, BACKGROUND}
        codes = [code for code, name in enumerate(classes) if name not in left_out]
        rows = np.flatnonzero(series_pixels["label"].isin(codes))
        if not rows.size:
            raise ValueError(
                f"pixel classification needs labelled pixels: {len(series_pixels)} pixels, none "
                f"has a class of {', '.join(classes)}; bring labels, or another task"
            )
        return series_pixels.iloc[rows].reset_index(drop=True).assign(row=rows)
