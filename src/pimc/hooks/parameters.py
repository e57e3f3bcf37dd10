"""Refuses what would pass unseen: parameters that nothing reads, encoders written over."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from kedro.config import AbstractConfigLoader, MissingConfigException, OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.validation.type_extractor import TypeExtractor
from omegaconf import OmegaConf

from pimc.catalog.encoder import EncoderFolder
from pimc.compute.options import ComputeOptions, SlurmOptions
from pimc.data.atomic import require_room
from pimc.data.option_check import build_options, check_built, check_value, nearest
from pimc.data.patch import SENTINEL2_BANDS
from pimc.evaluation.ablation import AblationOptions
from pimc.evaluation.task_options import TaskOptions
from pimc.hooks.datasets import local_path
from pimc.hooks.fitting_options import check_fit
from pimc.pretraining.devices import check_devices
from pimc.pretraining.options import PretrainingOptions
from pimc.signal.indices import check_indices

logger = logging.getLogger(__name__)

FROM_COMMAND = re.compile(r"\$\{runtime_params:\s*(\w+)")
"""A name that the configuration takes from `--params`."""

FROM_PARAMETER = re.compile(r"\$\{(\w+)[.}]")
"""A name that another parameter is made of."""


RECURRENCE, PRETRAINING = "params:recurrence", "params:pretraining"


BANDS = (*SENTINEL2_BANDS, "B01", "B09", "B10")
"""Of which an index may be made: whether images have them is seen when they are read."""


class ParameterCheck:
    """Compares the parameters that are given with those that pipelines and catalog read."""

    def __init__(self) -> None:
        self._catalog_parameters: dict[str, set[str]] = {}
        self._sources: set[str] = set()

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """See which parameters the configuration reads, and refuse what their options cannot take.

        Kedro builds the options next: of a text in the place of a number it would say less.
        """
        loader = context.config_loader
        self._catalog_parameters = catalog_parameters(loader)
        self._sources = parameter_sources(loader)
        check_given(loader["parameters"], TypeExtractor(dict(pipelines)))
        check_compute({**loader["globals"], **(loader.runtime_params or {})})

    @hook_impl
    def after_catalog_created(self, parameters: dict[str, Any]) -> None:
        """Refuse names at the top level that nothing reads."""
        read = {
            name for pipeline in pipelines.values() for name in node_parameters(pipeline)
        }.union(self._sources, *self._catalog_parameters.values())
        given = parameters["parameters"]  # as a whole; beside it, each by its own name
        unknown = sorted(set(given) - read)
        if unknown:
            names = ", ".join(name + nearest(name, read) for name in unknown)
            raise ValueError(
                f"unknown parameter {names}; known are {', '.join(sorted(read))} "
                "(conf/base/parameters_*.yml and the environment's catalog explain them)"
            )

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Refuse wrong options, and to write where it must not be; name parameters unread."""
        self._name_unread(run_params, pipeline, catalog)
        check_read(pipeline, catalog)
        for name in pipeline.all_outputs():
            # None where no entry and no pattern has the name
            dataset = catalog.get(name)
            if isinstance(dataset, EncoderFolder):
                dataset.check_own()
            if dataset and (path := local_path(dataset)):
                require_room(path)

    def _name_unread(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Known parameters that another pipeline reads: the user expects an effect of them."""
        read = node_parameters(pipeline) | self._sources
        for name in pipeline.datasets():
            read |= self._catalog_parameters.get(find_entry(name, catalog), set())
        given = {name.split(".")[0] for name in run_params.get("runtime_params") or {}}
        if unread := sorted(given - read):
            logger.warning("nothing in this run reads the parameter %s", ", ".join(unread))


PLAIN = {"seed": int, "indices": list[str], "classes": list[str]}
"""Parameters that are no options of a dataclass."""


def check_given(parameters: Mapping[str, Any], extractor: TypeExtractor) -> None:
    """Refuse parameters of which the options that nodes read cannot be built.

    Raises:
        ValueError: with the full name of the parameter.
    """
    for name, kind in {**PLAIN, **extractor.extract_types_from_pipelines()}.items():
        if (given := parameters.get(name)) is None:
            continue
        check_value(kind, given, name)
        if is_dataclass(kind) and isinstance(kind, type):
            build_options(kind, given, name)


COMPUTE = {"compute": str, "workers": int | None, "slurm": SlurmOptions}
"""Values shared by datasets, of ``globals.yml`` or of the command."""


def check_compute(given: Mapping[str, Any]) -> None:
    """Refuse where pieces of work cannot run.

    Raises:
        ValueError: with the name, what was expected and what came.
        ModuleNotFoundError: if a package is missing, with how to install it.
    """
    there = {name: given[name] for name in COMPUTE if name in given}
    for name, value in there.items():
        check_value(COMPUTE[name], value, name)
    if "compute" in there:
        there["engine"] = there.pop("compute")
    ComputeOptions(**there).require_packages()


def check_read(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Refuse wrong values of all options that a pipeline reads, and those that do not fit.

    Raises:
        ValueError: with the full name of the parameter, or if there are fewer GPUs than asked
            for.
    """
    read = [name for name in pipeline.inputs() if name.startswith("params:")]
    loaded = {name.removeprefix("params:"): catalog.load(name) for name in read}
    for shown, options in loaded.items():
        check_built(options, shown)
        if shown == "indices":
            _check_names(options)
        if isinstance(options, PretrainingOptions):
            check_devices(options)
        if isinstance(options, TaskOptions):
            from pimc.evaluation.arm_options import check_arms, check_variants

            check_arms(shown, options)
            if isinstance(options, AblationOptions) and {RECURRENCE, PRETRAINING} <= set(read):
                check_variants(options, catalog.load(RECURRENCE), catalog.load(PRETRAINING))
    check_fit(loaded)


def _check_names(indices: Sequence[str]) -> None:
    try:
        check_indices(indices, BANDS)
    except ValueError as error:
        raise ValueError(f"indices: {error}") from error


def node_parameters(pipeline: Pipeline) -> set[str]:
    """Names at the top level of the parameters that a pipeline's nodes read."""
    return {
        name.removeprefix("params:").split(".")[0]
        for name in pipeline.inputs()
        if name.startswith("params:")
    }


def find_entry(dataset: str, catalog: DataCatalog) -> str:
    """The entry that a dataset comes from: of its own name, or a pattern."""
    resolver = catalog.config_resolver
    if dataset in resolver.config:
        return dataset
    pattern = resolver.match_dataset_pattern(dataset)
    return pattern or resolver.match_user_catch_all_pattern(dataset) or dataset


def parameter_sources(loader: AbstractConfigLoader) -> set[str]:
    """Names of parameters that others are made of, as `seed`."""
    found = set()
    for _, value in _entries(loader, "parameters"):
        found |= {*FROM_PARAMETER.findall(str(value)), *FROM_COMMAND.findall(str(value))}
    return found


def catalog_parameters(loader: AbstractConfigLoader) -> dict[str, set[str]]:
    """By catalog entry, names that it takes from `--params`: the environment's hide base's."""
    entries = dict(_entries(loader, "catalog"))
    return {name: set(FROM_COMMAND.findall(str(entry))) for name, entry in entries.items()}


def _entries(loader: AbstractConfigLoader, kind: str) -> Iterator[tuple[str, Any]]:
    """Top-level entries of base, then of the environment, as written: nothing is resolved yet.

    Raises:
        ValueError: if there is no folder of the environment.
    """
    if not isinstance(loader, OmegaConfigLoader):
        raise TypeError(f"expected Kedro's OmegaConfigLoader, got {type(loader).__name__}")
    try:
        # what `loader[kind]` merges and resolves; Kedro has no public way to see it unresolved
        base, environment, *_ = loader._read_raw_config(kind)
    except MissingConfigException as error:
        conf = Path(loader.conf_source)
        known = sorted(path.name for path in conf.glob("*") if path.is_dir())
        name = loader.env or loader.default_run_env
        raise ValueError(
            f"no environment {name!r}: {conf} has the folders {', '.join(known)}"
        ) from error
    for file in (*base.values(), *environment.values()):
        entries: Any = OmegaConf.to_container(file, resolve=False)
        yield from entries.items()
