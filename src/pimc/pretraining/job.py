"""A training as several processes read it: options, and where its data lie. Nothing is pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pimc.data.unpaired_images import UnpairedImages
from pimc.pretraining.batches.pairs import PairData
from pimc.pretraining.corpus import EncoderInputs
from pimc.pretraining.options import PretrainingOptions
from pimc.signal.calendar import CalendarOptions
from pimc.signal.located_array import ArrayPlaces, open_located
from pimc.signal.recurrence import Recurrence

JOB = "job.json"


@dataclass(frozen=True)
class TrainingJob:
    """What is trained on what (``pimc.pretraining.pretrain.pretrain``).

    Attributes:
        train: pixels of the training folds.
        validation: pixels of held-out ground.
        inputs: what their arrays mean.
        options: of the training.
        unpaired: images of the term ``image``; None for none.
    """

    train: PairData
    validation: PairData
    inputs: EncoderInputs
    options: PretrainingOptions
    unpaired: UnpairedImages | None = None


def write_job(
    folder: Path, job: TrainingJob, meeting: tuple[str, int], resume: Path | None
) -> None:
    """Write a job for other processes.

    Arrays of memory maps stay where they are.

    Args:
        folder: empty; all processes see it under this path.
        job: what is trained.
        meeting: host and port where the processes meet.
        resume: checkpoint of an unfinished training.
    """
    places = ArrayPlaces(folder)
    inputs = job.inputs
    stored = {
        "meeting": meeting,
        "resume": None if resume is None else str(resume.resolve()),
        "options": asdict(job.options),
        "inputs": {
            "recurrence": inputs.recurrence.to_json(),
            "calendar": asdict(inputs.calendar),
            "bands": list(inputs.bands),
            "substitutions": {place: dict(bands) for place, bands in inputs.substitutions.items()},
        },
        "train": _put_pairs(job.train, folder / "train.parquet", places),
        "validation": _put_pairs(job.validation, folder / "validation.parquet", places),
        "unpaired": _put_images(job.unpaired, places),
    }
    (folder / JOB).write_text(json.dumps(stored))


def read_job(folder: Path) -> tuple[TrainingJob, tuple[str, int], Path | None]:
    """The job, its arrays memory-mapped; where its processes meet, and what they resume."""
    stored = json.loads((folder / JOB).read_text())
    inputs = stored["inputs"]
    job = TrainingJob(
        _get_pairs(stored["train"]),
        _get_pairs(stored["validation"]),
        EncoderInputs(
            Recurrence.from_json(inputs["recurrence"]),
            CalendarOptions(**inputs["calendar"]),
            tuple(inputs["bands"]),
            inputs["substitutions"],
        ),
        PretrainingOptions(**stored["options"]),
        _get_images(stored["unpaired"]),
    )
    host, port = stored["meeting"]
    return job, (host, port), None if stored["resume"] is None else Path(stored["resume"])


def _put_pairs(data: PairData, table: Path, places: ArrayPlaces) -> dict[str, Any]:
    data.pixels.to_parquet(table)
    arrays = {"index_series": data.index_series, "frame_choices": data.frame_choices}
    if data.observed is not None:
        arrays["observed"] = data.observed
    located = {name: places.locate(array) for name, array in arrays.items()}
    frames = data.frames if len(data.frames) else np.empty((0, 1, 1, 1), np.int16)
    return {"pixels": str(table.resolve()), "frames": places.locate(frames), **located}


def _get_pairs(stored: Mapping[str, Any]) -> PairData:
    arrays = {name: open_located(place) for name, place in stored.items() if name != "pixels"}
    arrays["frame_choices"] = np.asarray(arrays["frame_choices"])
    return PairData(pixels=pd.read_parquet(stored["pixels"]), **arrays)


def _put_images(images: UnpairedImages | None, places: ArrayPlaces) -> dict[str, Any] | None:
    if images is None:
        return None
    return {
        "images": places.locate(images.images),
        "bands": list(images.bands),
        "rows": places.locate(images.rows),
        "fingerprint": images.fingerprint,
        "names": images.names,
    }


def _get_images(stored: Mapping[str, Any] | None) -> UnpairedImages | None:
    if stored is None:
        return None
    arrays = {name: open_located(stored[name]) for name in ("images", "rows")}
    return UnpairedImages(**{**stored, **arrays, "rows": np.array(arrays["rows"])})
