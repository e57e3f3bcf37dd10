"""Project hooks: parameters are checked before anything runs, runs are tracked to their end."""

from __future__ import annotations

import atexit
import logging
import re
import signal
import threading
from dataclasses import asdict, is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import mlflow
import yaml
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

from pimc.catalog.encoder import EncoderFolder
from pimc.catalog.provenance import git_commit

logger = logging.getLogger(__name__)


class ParameterCheck:
    """Refuses what would pass unseen: parameters that nothing reads, encoders written over."""

    def __init__(self) -> None:
        self._catalog_parameters: dict[str, set[str]] = {}
        self._sources: set[str] = set()

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """See which parameters the catalog of this environment reads."""
        conf = Path(context.config_loader.conf_source)
        environment = context.env or "base"
        if not (conf / environment).is_dir():
            known = sorted(path.name for path in conf.iterdir() if path.is_dir())
            raise ValueError(
                f"no environment {environment!r}: {conf} has the folders {', '.join(known)}"
            )
        self._catalog_parameters = catalog_parameters(conf, environment)
        self._sources = parameter_sources(conf, environment)

    @hook_impl
    def after_catalog_created(self, parameters: dict[str, Any]) -> None:
        """Compare the names at the top level with those that pipelines and catalog read."""
        read = {
            name for pipeline in pipelines.values() for name in node_parameters(pipeline)
        }.union(*self._catalog_parameters.values())
        given = parameters["parameters"]  # as a whole; beside it, each by its own name
        unknown = sorted(set(given) - read)
        if unknown:
            raise ValueError(
                f"unknown parameter {', '.join(unknown)}; known are {', '.join(sorted(read))} "
                "(conf/base/parameters_*.yml and the environment's catalog explain them)"
            )

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Refuse to write the encoder of another environment; name parameters that go unread."""
        self._name_unread(run_params, pipeline)
        for name in pipeline.all_outputs() & set(catalog.keys()):
            if isinstance(dataset := catalog.get(name), EncoderFolder):
                dataset.check_own()

    def _name_unread(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Known parameters that another pipeline reads: the user expects an effect of them."""
        entries = self._catalog_parameters
        read = node_parameters(pipeline) | self._sources
        read |= {name for each in pipeline.datasets() for name in entries.get(each, ())}
        given = {name.split(".")[0] for name in run_params.get("runtime_params") or {}}
        if unread := sorted(given - read):
            logger.warning("nothing in this run reads the parameter %s", ", ".join(unread))


def node_parameters(pipeline: Pipeline) -> set[str]:
    """Names at the top level of the parameters that a pipeline's nodes read."""
    return {
        name.removeprefix("params:").split(".")[0]
        for name in pipeline.inputs()
        if name.startswith("params:")
    }


def configuration_files(conf: Path, environment: str, kind: str) -> list[Path]:
    """Files of the catalog or the parameters: base's, then the environment's, which hide them."""
    folders = (conf / "base", conf / environment)
    return [path for folder in folders for path in sorted(folder.glob(f"{kind}*.yml"))]


def parameter_sources(conf: Path, environment: str) -> set[str]:
    """Names of parameters that others are made of, as `seed`."""
    files = configuration_files(conf, environment, "parameters")
    return {name for path in files for name in re.findall(r"\$\{(\w+)\}", path.read_text())}


def catalog_parameters(conf: Path, environment: str) -> dict[str, set[str]]:
    """By catalog entry, names that it takes from `--params`: the environment's hide base's."""
    entries: dict[str, Any] = {}
    for path in configuration_files(conf, environment, "catalog"):
        entries |= yaml.safe_load(path.read_text())
    names = re.compile(r"\$\{runtime_params:\s*(\w+)")
    return {name: set(names.findall(str(entry))) for name, entry in entries.items()}


class RunTracking(MlflowHook):
    """kedro-mlflow's run, with options logged field by field, commit and data source as tags."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Start the run and say which code and which data it is made of."""
        super().before_pipeline_run(run_params, pipeline, catalog)
        if not self._is_mlflow_enabled:
            return
        _watch_interruptions()
        mlflow.set_tags(
            {
                "git_commit": git_commit(Path(run_params["project_path"])) or "unknown",
                "data_source": _data_source(catalog),
                "environment": run_params.get("env") or "base",
            }
        )

    @hook_impl
    def before_node_run(
        self, node: Node, catalog: DataCatalog, inputs: dict[str, Any], is_async: bool
    ) -> None:
        """Log the node's parameters, options as dictionaries so that each field is one entry."""
        plain = {
            name: asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
            for name, value in inputs.items()
            if name.startswith("params:")
        }
        super().before_node_run(node, catalog, plain, is_async)

    @hook_impl
    def on_pipeline_error(
        self,
        error: Exception,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
    ) -> None:
        """Close the run as failed."""
        _end_watch()
        super().on_pipeline_error(error, run_params, pipeline, catalog)

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Wait for curves that are still being written, then close the run."""
        mlflow.flush_async_logging()
        _end_watch()
        super().after_pipeline_run(run_params, pipeline, catalog)
        # kedro-mlflow opens the run anew for every node and closes it once: what is left open
        # would take in the next run of this process
        while not self._already_active_mlflow and mlflow.active_run():
            mlflow.end_run()


def _watch_interruptions() -> None:
    """Kedro tells its hooks of errors; close the run after Ctrl-C and SIGTERM too."""
    atexit.register(_close_interrupted)
    # without a handler SIGTERM ends the process before anything is closed, and Lightning's own
    # ends it with status 0; a handler can be set in the main thread only
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _leave)


def _end_watch() -> None:
    """The run has ended: nothing is left to close."""
    atexit.unregister(_close_interrupted)
    if signal.getsignal(signal.SIGTERM) is _leave:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """Exit with the status that shells give to a process that a signal has ended."""
    raise SystemExit(128 + number)


def _close_interrupted() -> None:
    """At exit: a run that nobody has closed was cut short."""
    while mlflow.active_run():
        mlflow.end_run("FAILED")


def _data_source(catalog: DataCatalog) -> str:
    """What the catalog says of `scenes`, the source of all data."""
    scenes = catalog["scenes"]
    details = ", ".join(f"{key}={value}" for key, value in scenes._describe().items())
    return f"{type(scenes).__name__}({details})"
