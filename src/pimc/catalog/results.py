"""Results of a task's arms on disk: one file a run, made when it is missing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from pimc.compute.options import ComputeOptions
from pimc.compute.pieces import Piece
from pimc.compute.run import run_pieces
from pimc.data.atomic import replace_text
from pimc.data.file_name import file_name
from pimc.data.json_file import read_json
from pimc.data.kept import AGAIN, is_kept
from pimc.data.tensor_file import map_tensors, read_tensors, write_tensors
from pimc.evaluation.runs import ArmResult, ArmRun, ArmTask, StoredResult

logger = logging.getLogger(__name__)

MANIFEST, RESULT = "manifest.json", "result"


class ArmResults(AbstractDataset[Mapping[str, ArmTask], list[StoredResult]]):
    """One safetensors file a run under ``path``, and ``manifest.json``, written last.

    A run that is there under the same key is not made again, unless it is damaged: one arm can be
    run anew at the cost of that arm, and a run that was cut goes on where it stopped. Results that
    the manifest no longer names stay, because they are small and were expensive.

    Each run that is made is a nested MLflow run of the active one, with task, arm, budget, seed
    and rotation as tags and parameters. Runs are made where ``compute`` says
    (``pimc.compute.options.ComputeOptions``); this process alone tells MLflow of them, on a
    cluster when they are back.
    """

    def __init__(
        self,
        path: str,
        compute: Mapping[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ):
        self._path = Path(path)
        self._compute = ComputeOptions(**(compute or {}))
        self.metadata = metadata

    def save(self, data: Mapping[str, ArmTask]) -> None:
        """Make and write the results that are missing, then the manifest."""
        paths = {
            name: self._path / f"{file_name(name)}-{task.key}.safetensors"
            for name, task in data.items()
        }
        missing = [name for name, path in paths.items() if not is_kept(path, read_result)]
        logger.info(
            "%d runs: %d made before, %d to make",
            len(paths),
            len(paths) - len(missing),
            len(missing),
        )
        pieces = (
            Piece(name, data[name].make, partial(_store, paths[name], data[name].run))
            for name in missing
        )
        numbers = count(1)

        @contextmanager
        def follow(name: str) -> Iterator[Callable[[ArmResult], None]]:
            def tell(told: ArmResult) -> None:
                log(told)
                number = next(numbers)
                logger.info("%d of %d: %s, %s", number, len(missing), name, _summary(told))

            with _nested_run(data[name].run) as log:
                yield tell

        run_pieces(pieces, self._compute, self._path, follow)
        names = [path.name for path in paths.values()]
        replace_text(self._path / MANIFEST, json.dumps(names, indent=1))

    def load(self) -> list[StoredResult]:
        """The results of the last finished run of the task, in its order."""
        return [read_result(path) for path in self._files()]

    def _files(self) -> list[Path]:
        names = read_json(self._path / MANIFEST, list, AGAIN)
        return [self._path / name for name in names]

    def preview(self) -> JSONPreview:
        """Metrics of each run, for kedro-viz."""
        return JSONPreview(
            json.dumps(
                {
                    "{arm}, {budget}, seed {seed}, rotation {rotation}".format(**header): header[
                        "metrics"
                    ]
                    for header in map(read_header, self._files())
                }
            )
        )

    def _exists(self) -> bool:
        return (self._path / MANIFEST).exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _store(path: Path, run: ArmRun, result: ArmResult) -> ArmResult:
    """Write a result; what is told of it is all but its arrays."""
    write_result(path, run, result)
    return replace(result, arrays={})


def write_result(path: Path, run: ArmRun, result: ArmResult) -> None:
    """Write a result as one safetensors file, whole or not at all."""
    header = {
        "arm": run.arm.name,
        "kind": run.arm.kind,
        "input": run.arm.input,
        "budget": run.budget.name,
        "seed": run.seed,
        "rotation": run.rotation,
        "facts": dict(result.facts),
        "metrics": dict(result.metrics),
    }
    write_tensors(path, result.arrays, {RESULT: json.dumps(header)})


def read_result(path: Path) -> StoredResult:
    """Read a result that ``write_result`` wrote.

    Raises:
        ValueError: if it is not as it was written.
    """
    header, maps = read_header(path), read_tensors(path)[1]
    arrays = {name: np.array(values) for name, values in maps.items()}
    try:
        facts, metrics = header.pop("facts"), header.pop("metrics")
        return StoredResult(**header, result=ArmResult(arrays, facts, metrics))
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: expected the result of an arm, got {error!r}; {AGAIN}"
        ) from error


def read_header(path: Path) -> dict[str, Any]:
    """All of a result but its arrays.

    Raises:
        ValueError: if it is no result.
    """
    try:
        header: dict[str, Any] = json.loads(map_tensors(path)[0][RESULT])
    except KeyError as error:
        raise ValueError(
            f"{path}: expected the result of an arm, got another file; {AGAIN}"
        ) from error
    return header


@contextmanager
def _nested_run(run: ArmRun) -> Iterator[Any]:
    """An MLflow run below the active one; where none is active, nothing is logged."""
    import mlflow

    if not mlflow.active_run():
        yield lambda result: None
        return
    tags = {
        "task": run.task,
        "arm": run.arm.name,
        "budget": run.budget.name,
        "seed": str(run.seed),
        "rotation": str(run.rotation),
    }
    with mlflow.start_run(run_name=f"{run.task}-{run.name}", nested=True, tags=tags):
        mlflow.log_params({**tags, **{f"arm.{k}": v for k, v in asdict(run.arm).items()}})

        def log(result: ArmResult) -> None:
            mlflow.log_params({f"chosen.{k}": v for k, v in result.facts["chosen"].items()})
            mlflow.log_metrics({**result.metrics, "seconds": result.facts["seconds"]})

        yield log


def _summary(result: ArmResult) -> str:
    numbers = ", ".join(f"{name} {value:.3f}" for name, value in result.metrics.items())
    return f"{numbers} ({result.facts['seconds']:.1f} s)"
