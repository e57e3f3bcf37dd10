"""Trainings that are planned, and encoders that exist."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from pimc.model.encoders import ImageEncoder, SeriesEncoder

LogMetrics = Callable[[dict[str, float], int], None]
"""Takes metrics by name, and the step."""


@dataclass(frozen=True, eq=False)
class TrainedEncoder:
    """What one training gives.

    Attributes:
        encoder: of series, on the CPU.
        history: a row an epoch; empty where nobody knows it.
        metrics: of the best epoch, and ``seconds``.
        checkpoint: folder of the training's checkpoint, which whoever has stored the encoders
            removes; None where there was no training.
        image: the encoder of images that was trained beside it, on the CPU; None for none.
    """

    encoder: SeriesEncoder
    history: pd.DataFrame
    metrics: Mapping[str, float]
    checkpoint: Path | None = None
    image: ImageEncoder | None = None


def remove_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a training, once its encoders are stored: not a moment before."""
    shutil.rmtree(folder, ignore_errors=True)  # another process may have done it


@dataclass(frozen=True)
class EncoderTask:
    """A training not made yet; ``key`` changes whenever ``make`` would give another encoder.

    Of a corpus's images it knows a few (``Corpus.digest``).

    Attributes:
        run: what is trained.
        key: 16 hexadecimal digits.
        options: what describes it, for its MLflow run.
        make: trains, or reads what was trained elsewhere; tells each step to who asks.
    """

    run: EncoderRun
    key: str
    options: Mapping[str, Any]
    make: Callable[[LogMetrics | None], TrainedEncoder]


@dataclass(frozen=True, eq=False)
class KeptImageEncoder:
    """An image encoder that exists, not read yet.

    Attributes:
        digest: of its configuration and weights.
        load: reads it.
    """

    digest: str
    load: Callable[[], ImageEncoder]


@dataclass(frozen=True, eq=False)
class KeptEncoder:
    """An encoder of series that exists, not read yet.

    Attributes:
        digest: of its configuration and weights.
        load: reads it.
        run: what was trained; None for an encoder that is no variant's.
        metrics: of its training.
        workspace: in which it lies.
        image: the encoder of images that was trained beside it; None for none.
    """

    digest: str
    load: Callable[[], SeriesEncoder]
    run: EncoderRun | None = None
    metrics: Mapping[str, float] | None = None
    workspace: str = ""
    image: KeptImageEncoder | None = None


OWN = "own"
"""The corpus whose labelled pixels are classified."""


@dataclass(frozen=True)
class EncoderRun:
    """One training of an encoder.

    Attributes:
        variant: its name.
        seed: number of the training with the same options.
        rotation: of the folds, on whose training and validation folds it is trained.
        corpus: ``own``, or the workspace on whose pixels it was trained.
    """

    variant: str
    seed: int
    rotation: int
    corpus: str = OWN

    @property
    def name(self) -> str:
        """Unique among the trainings of a task."""
        return f"{self.variant}-seed{self.seed}-rotation{self.rotation}"
