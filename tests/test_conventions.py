"""What holds for the whole project: the catalog, the parameters, what a command imports."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from pimc.hooks import catalog_parameters, parameter_sources
from pimc.pipeline_registry import register_pipelines
from pimc.pretraining.options import PretrainingOptions

PROJECT = Path(__file__).parents[1]
ENVIRONMENTS = ("base", "pastis", "stack", "points", "eurosat", "paper", "simulated_year")
PIPELINES = register_pipelines()
LAYERS = {
    "raw",
    "intermediate",
    "primary",
    "feature",
    "model_input",
    "models",
    "model_output",
    "reporting",
}


STAGES = (
    "ingestion",
    "vegetation_indices",
    "recurrence_plots",
    "pretraining",
    "pixel_classification",
    "forecasting",
    "land_cover",
    "leaderboard",
    "ablation",
    "transfer",
)

# they are of the whole project, not of one workspace
PROJECT_WIDE = {"leaderboard.task_tables", "leaderboard.project", "leaderboard.results"}


def stage_outputs(stage):
    whole = PIPELINES["__default__"] + PIPELINES["ablation"] + PIPELINES["transfer"]
    return whole.only_nodes_with_namespaces([stage]).all_outputs()


def catalog_entries():
    for path in sorted((PROJECT / "conf").glob("*/catalog*.yml")):
        for name, entry in yaml.safe_load(path.read_text()).items():
            yield pytest.param(path, name, entry, id=f"{path.parent.name}:{name}")


def datasets_of(pipeline):
    return {name for name in pipeline.datasets() if not name.startswith("params:")}


@pytest.mark.parametrize(("path", "name", "entry"), catalog_entries())
def test_every_entry_has_a_layer_and_lies_in_its_folder(path, name, entry):
    layer = entry["metadata"]["kedro-viz"]["layer"]
    assert layer in LAYERS
    inner = entry.get("dataset", entry)
    where = inner.get("filepath") or inner.get("path")
    named_by_user = "runtime_params" in (where or "")
    if path.parent.name == "base" and where and not named_by_user and name not in PROJECT_WIDE:
        assert re.fullmatch(rf"data/0\d_{layer}/\$\{{globals:workspace\}}/{name}(\.\w+)?", where)


def test_catalog_declares_exactly_what_the_pipelines_use():
    declared = {p.values[1] for p in catalog_entries() if p.values[0].parent.name == "base"}
    assert declared == set().union(*(datasets_of(pipeline) for pipeline in PIPELINES.values()))


def test_entries_stand_in_the_file_of_the_stage_that_makes_them():
    for stage in STAGES:
        entries = yaml.safe_load((PROJECT / f"conf/base/catalog_{stage}.yml").read_text())
        raw = {"scenes", "land_cover.files", "unpaired_images"}
        given = {*raw, "checkpoints", "transfer.corpus", *PROJECT_WIDE}
        assert set(entries) - given == stage_outputs(stage)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_loads_and_has_a_workspace_of_its_own(environment):
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env=environment) as session:
        context = session.load_context()
        assert datasets_of(PIPELINES["__default__"]) <= set(context.catalog.keys())
        workspace = context.config_loader["globals"]["workspace"]
    assert workspace == {"base": "simulated"}.get(environment, environment)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_shipped_pretraining_can_be_built(environment):
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env=environment) as session:
        given = session.load_context().config_loader["parameters"]["pretraining"]
    terms = PretrainingOptions(**given).objective.terms
    expected = {"points": {"series"}, "eurosat": {"pair", "image"}, "paper": {"pair"}}
    assert set(terms) == expected.get(environment, {"pair", "series"})


def test_parameters_of_the_catalog_are_those_of_the_environment():
    conf = PROJECT / "conf"
    base, stack = catalog_parameters(conf, "base"), catalog_parameters(conf, "stack")
    assert base["scenes"] == {"patches", "size", "seed"}
    assert not any("root" in names for names in base.values())
    assert stack["scenes"] == {"root", "offset"}
    assert parameter_sources(conf, "base") == {"seed"}


def test_a_clone_has_the_folder_for_personal_settings():
    # without it Kedro finds no configuration of MLflow
    tracked = subprocess.run(
        ["git", "ls-files", "conf/local"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert tracked.stdout.split() == ["conf/local/.gitkeep"]


def test_every_node_has_a_docstring_and_a_name():
    for node in {node for pipeline in PIPELINES.values() for node in pipeline.nodes}:
        assert node.func.__doc__, node.name
        assert re.fullmatch(r"\w+\.\w+", node.name), node.name


def test_listing_the_pipelines_imports_nothing_heavy():
    code = (
        "import sys, pimc.pipeline_registry as r; r.register_pipelines(); import pimc.settings;"
        "heavy = {'torch', 'lightning', 'pyts', 'numba', 'rasterio', 'sklearn'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_the_package_reads_is_shipped_with_it():
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    shipped = settings["tool"]["setuptools"]["package-data"]["pimc"]
    files = [path for path in (PROJECT / "src/pimc").rglob("*") if path.is_file()]
    data = {path for path in files if path.suffix not in (".py", ".pyc")}
    assert data == {path for path in data if any(path.match(glob) for glob in shipped)}
