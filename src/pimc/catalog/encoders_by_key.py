"""Encoders on disk: one folder a content, trained when it is missing."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from pimc.catalog.metrics import comparable, group, log_step
from pimc.compute.options import ComputeOptions
from pimc.compute.pieces import Piece
from pimc.compute.run import run_pieces
from pimc.data.atomic import replace_text, temporary_sibling
from pimc.data.json_file import read_json, seal
from pimc.data.kept import AGAIN, is_kept
from pimc.pretraining.kept_encoder import (
    EncoderRun,
    EncoderTask,
    KeptEncoder,
    KeptImageEncoder,
    LogMetrics,
    TrainedEncoder,
    remove_checkpoint,
)

logger = logging.getLogger(__name__)

STORE = "encoders"
"""Folder beside a manifest's own: what is there under its key serves all tasks of a workspace."""

MANIFEST, HISTORY, TRAINING = "manifest.json", "history.csv", "training.json"

IMAGE, IMAGE_DIGEST = "image", "image_digest"
"""Folder of the image encoder in that of the series encoder, and its digest in ``TRAINING``."""


Steps = list[tuple[dict[str, float], int]]
"""Metrics of each step of a training, and its number."""


@dataclass(frozen=True)
class Told:
    """What is told of a training that is stored.

    Attributes:
        metrics: of the best epoch, and ``seconds``.
        steps: that nobody has been told of yet.
    """

    metrics: Mapping[str, float]
    steps: Steps


class EncodersByKey(AbstractDataset[Mapping[str, EncoderTask], "dict[str, KeptEncoder] | None"]):
    """``manifest.json`` in ``path``, written last; encoders in ``encoders/<key>`` beside it.

    A folder holds what ``pimc.model.storage.save_encoder`` writes, ``history.csv`` (a row an
    epoch), ``training.json``, and in ``image`` the image encoder where one was trained. What is
    there under its key, and whole, is not trained again, so a run that was cut loses one training
    at most.

    Each training is a nested MLflow run of the active one. Trainings are made where ``compute``
    says (``pimc.compute.options.ComputeOptions``); this process alone tells MLflow of them, on a
    cluster when they are back, their curves too. Without a ``path`` there is nothing: it loads as
    None.
    """

    def __init__(
        self,
        path: str | None,
        compute: Mapping[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ):
        self._path = None if path is None else Path(path)
        self._compute = ComputeOptions(**(compute or {}))
        self.metadata = metadata

    def save(self, data: Mapping[str, EncoderTask]) -> None:
        """Train and write the encoders that are missing, then the manifest."""
        store = self._folder.parent / STORE
        missing: dict[str, EncoderTask] = {}
        for task in data.values():
            if task.key not in missing and not is_kept(store / task.key, _check):
                missing[task.key] = task  # one training under two names is made once
        logger.info("%d encoders: %d to make", len(data), len(missing))
        named = {task.run.name: task for task in missing.values()}
        log_metrics = log_step if self._compute.here else None
        pieces = (
            Piece(name, partial(_train, task, log_metrics), partial(_store, store / task.key))
            for name, task in named.items()
            if not is_kept(store / task.key, _check)  # another process has made it meanwhile
        )
        numbers = count(1)

        @contextmanager
        def follow(name: str) -> Iterator[Callable[[Told], None]]:
            def tell(told: Told) -> None:
                log(told)
                number, seconds = next(numbers), told.metrics["seconds"]
                logger.info("%d of %d: %s (%.0f s)", number, len(missing), name, seconds)

            with _nested_run(named[name]) as log:
                yield tell

        run_pieces(pieces, self._compute, store, follow)
        rows = [{**asdict(task.run), "key": task.key} for task in data.values()]
        replace_text(self._folder / MANIFEST, json.dumps(rows, indent=1))

    def load(self) -> dict[str, KeptEncoder] | None:
        """The encoders of the last finished run by name, none of them read yet."""
        if self._path is None:
            return None
        if not self._exists():
            raise DatasetError(f"no encoders in {self._path}: {MANIFEST} is missing; make them")
        rows = read_json(self._path / MANIFEST, list, AGAIN)
        models = self._path.parent
        kept = [read_kept(models / STORE / row.pop("key"), row) for row in rows]
        return {each.run.name: each for each in kept if each.run}

    def preview(self) -> JSONPreview:
        """Trainings and what the best epoch of each gave, for kedro-viz."""
        kept = self.load() or {}
        return JSONPreview(json.dumps({name: each.metrics for name, each in kept.items()}))

    @property
    def _folder(self) -> Path:
        if self._path is None:
            raise DatasetError("there is no path to write encoders to")
        return self._path

    def _exists(self) -> bool:
        return self._path is None or (self._path / MANIFEST).exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _train(task: EncoderTask, log_metrics: LogMetrics | None) -> tuple[TrainedEncoder, Steps]:
    """Train; steps come with the encoder where nobody is told of them on the way."""
    steps: Steps = []
    if log_metrics is not None:
        return task.make(log_metrics), steps
    return task.make(lambda metrics, step: steps.append((metrics, step))), steps


def _store(folder: Path, made: tuple[TrainedEncoder, Steps]) -> Told:
    """Write an encoder, then remove the checkpoint of its training."""
    trained, steps = made
    write_encoder(folder, trained)
    if trained.checkpoint:
        remove_checkpoint(trained.checkpoint)
    return Told(trained.metrics, steps)


def write_encoder(folder: Path, trained: TrainedEncoder) -> None:
    """Write an encoder and its training to a folder, whole or not at all.

    Where another process has stored the same meanwhile, that one stays.
    """
    from pimc.model.storage import encoder_digest, save_encoder

    temporary = temporary_sibling(folder)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        save_encoder(trained.encoder, temporary)
        replace_text(temporary / HISTORY, trained.history.to_csv(index=False))
        facts = {
            "key": folder.name,
            "digest": encoder_digest(trained.encoder),
            "metrics": dict(trained.metrics),
        }
        if trained.image:
            save_encoder(trained.image, temporary / IMAGE)
            facts[IMAGE_DIGEST] = encoder_digest(trained.image)
        replace_text(temporary / TRAINING, json.dumps(seal(facts), indent=1))
        if not is_kept(folder, _check):
            temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_kept(folder: Path, run: Mapping[str, Any]) -> KeptEncoder:
    """What lies in a folder that ``write_encoder`` wrote; no encoder is read yet.

    Raises:
        ValueError: if its training is not as it was written, or was made under another key.
    """
    facts = read_json(folder / TRAINING, dict, AGAIN, ("digest", "metrics"))
    if (key := facts.get("key", folder.name)) != folder.name:
        raise ValueError(f"{folder}: expected an encoder of this key, got that of {key}; {AGAIN}")
    image = None
    if IMAGE_DIGEST in facts:  # encoders of before image encoders were kept have none
        image = KeptImageEncoder(facts[IMAGE_DIGEST], partial(_load, folder / IMAGE, "image"))
    return KeptEncoder(
        facts["digest"],
        partial(_load, folder, "series"),
        EncoderRun(**run),
        facts["metrics"],
        folder.parents[1].name,
        image,
    )


def _check(folder: Path) -> None:
    """Read its encoders, and what is told of their training."""
    kept = read_kept(folder, {"variant": "", "seed": 0, "rotation": 0})
    kept.load()
    if kept.image:
        kept.image.load()


def _load(folder: Path, kind: str) -> Any:  # noqa: ANN401
    """The encoder of a folder, of series or of images."""
    from pimc.model.storage import load_encoder

    encoder = load_encoder(folder)
    if encoder.kind != kind:
        raise ValueError(f"{folder} holds an encoder of {encoder.kind}, expected one of {kind}")
    return encoder


@contextmanager
def _nested_run(task: EncoderTask) -> Iterator[Any]:
    """An MLflow run below the active one; where none is active, nothing is logged."""
    import mlflow

    if not mlflow.active_run():
        yield lambda told: None
        return
    tags = {"task": "encoder", **{name: str(value) for name, value in asdict(task.run).items()}}
    with mlflow.start_run(run_name=f"encoder-{task.run.name}", nested=True, tags=tags):
        mlflow.log_params({**tags, **_flat(task.options)})

        def log(told: Told) -> None:
            for step in told.steps:
                log_step(*step)
            metrics = told.metrics
            mlflow.log_metrics({**group("pretraining", metrics), **comparable(metrics)})

        yield log


def _flat(options: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"a": {"b": 1}}`` as ``{"a.b": 1}``."""
    flat: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
