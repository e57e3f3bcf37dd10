"""kedro-mlflow's run, which says of what it is made, and ends with the run of the pipeline."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import mlflow
from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH

from pimc.catalog.provenance import git_commit
from pimc.hooks.command import typed_command
from pimc.hooks.data_input import find_raw, record_source
from pimc.hooks.headlines import chosen_arms, comparison_view, headline_metrics
from pimc.hooks.interruptions import (
    PROCESS,
    close_killed,
    end_watch,
    this_process,
    watch_interruptions,
)

SQLITE = "sqlite:///"
"""What the address of a database file begins with."""

VIEW_TAG = "mlflow.sharedViewState.comparison"
"""Columns of the list of runs, at the address that a run names when it ends."""

NOTE = "mlflow.note.content"
"""Tag that MLflow shows as the description of a run."""


class RunTracking(MlflowHook):
    """Options are logged field by field; commit, data, command and few comparable metrics too."""

    def __init__(self) -> None:
        super().__init__()
        self._address = ""
        self._logged: set[str] = set()
        self._new: dict[str, Any] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Track runs in the project, wherever the command is typed, or where the variable says."""
        loader = context.config_loader
        try:
            configuration = loader["mlflow"]
        except MissingConfigException:
            configuration = {}
        variable = os.environ.get("MLFLOW_TRACKING_URI")
        # MLflow itself sets the variable to the address in use: that of the session before
        given = None if variable == self._address else variable
        loader["mlflow"] = locate_runs(configuration, context.project_path, given)
        with _alone(loader["mlflow"]["server"]["mlflow_tracking_uri"]):
            super().after_context_created(context)
            self._address = mlflow.get_tracking_uri()
            if not self._already_active_mlflow:
                self._tag_experiment()

    def _tag_experiment(self) -> None:
        """Give an experiment that was made before its tags too, and its list of runs columns."""
        options = self.mlflow_config.tracking.experiment
        known = options._experiment.tags
        shipped = {**(options.create_experiment_kwargs.tags or {}), VIEW_TAG: comparison_view()}
        for name, value in shipped.items():
            if name not in known:
                mlflow.set_experiment_tag(name, value)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Start the run and say which command, code and data it is made of."""
        super().before_pipeline_run(run_params, pipeline, catalog)
        self._logged, self._new = set(), {}
        if not self._is_mlflow_enabled:
            return
        watch_interruptions()
        if run := mlflow.active_run():
            close_killed(run.info.experiment_id)
        for name in find_raw(pipeline):
            mlflow.log_input(record_source(catalog[name]))
        mlflow.set_tags(
            {
                "git_commit": git_commit(Path(run_params["project_path"])) or "unknown",
                "environment": run_params.get("env") or "base",
                PROCESS: this_process(),
                NOTE: f"`{typed_command(sys.argv, run_params)}`",
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
        new, self._new = self._new, {}
        if new:
            mlflow.log_params(new)

    def _log_param(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Keep what the node brings anew, for one write: a task's options are those of ten nodes.

        One by one and again for each node, as kedro-mlflow logs them, they took five seconds.
        """
        if name in self._logged:
            return
        self._logged.add(name)
        if len(str(value)) <= MAX_PARAM_VAL_LENGTH:
            self._new[name] = value
        else:  # truncated, and said so
            super()._log_param(name, value)

    @hook_impl
    def on_pipeline_error(
        self,
        error: Exception,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
    ) -> None:
        """Close the run as failed."""
        end_watch()
        super().on_pipeline_error(error, run_params, pipeline, catalog)

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Log what runs are compared by, wait for curves still being written, close the run."""
        if self._is_mlflow_enabled:
            chosen = chosen_arms(pipeline, catalog)
            mlflow.log_metrics(headline_metrics(pipeline, catalog, chosen))
            mlflow.set_tags({f"{arm.task.name}_arm": arm.name for arm in chosen})
        mlflow.flush_async_logging()
        end_watch()
        super().after_pipeline_run(run_params, pipeline, catalog)
        # kedro-mlflow opens the run anew for every node and closes it once: what is left open
        # would take in the next run of this process
        while not self._already_active_mlflow and mlflow.active_run():
            mlflow.end_run()


@contextmanager
def _alone(address: str) -> Iterator[None]:
    """Hold a database file that is made: two processes would make the same tables."""
    from filelock import FileLock

    if not address.startswith(SQLITE):
        yield
        return
    path = Path(address.removeprefix(SQLITE))
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        yield


def locate_runs(configuration: dict[str, Any], project: Path, given: str | None) -> dict[str, Any]:
    """The configuration with addresses that do not hang on where the command is typed.

    Args:
        configuration: of ``mlflow.yml``.
        project: its folder, where a relative database file lies.
        given: another address, which goes first.
    """
    server, tracking = configuration.get("server") or {}, configuration.get("tracking") or {}
    address = given or server.get("mlflow_tracking_uri") or "mlruns"
    if not given and address.startswith(SQLITE):
        address = f"{SQLITE}{project / address.removeprefix(SQLITE)}"
    experiment = dict(tracking.get("experiment") or {})
    if not address.startswith(f"{SQLITE}{project}"):
        # figures and encoders of runs lie with those runs, and a server knows where
        creation = dict(experiment.get("create_experiment_kwargs") or {})
        creation.pop("artifact_location", None)
        experiment["create_experiment_kwargs"] = creation
    return {
        **configuration,
        "server": {**server, "mlflow_tracking_uri": address},
        "tracking": {**tracking, "experiment": experiment},
    }
