"""What holds for the whole project: the catalog, the parameters, what a command imports."""

import re
import subprocess
import sys
import tomllib
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from parse import parse

from pimc.data.download.options import DownloadOptions
from pimc.data.eurosat.list_sets import LIST_SETS
from pimc.data.folds import FoldOptions
from pimc.evaluation.forecast_arms import ForecastingOptions
from pimc.evaluation.land_cover_arms import LandCoverOptions
from pimc.evaluation.pixel_arms import PixelClassificationOptions
from pimc.hooks.parameters import catalog_parameters, parameter_sources
from pimc.pipeline_registry import register_pipelines
from pimc.pretraining.options import PretrainingOptions
from pimc.report.encoder_card import CardOptions
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions
from pimc.signal.sampling import SamplingOptions
from pimc.signal.screening import ScreeningOptions

PROJECT = Path(__file__).parents[1]
ENVIRONMENTS = sorted(each.name for each in (PROJECT / "conf").iterdir() if each.is_dir())
ENVIRONMENTS.remove("local")  # anybody's own
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
    "corpus",
    "recurrence_plots",
    "pretraining",
    "forecasting",
    "land_cover",
    "leaderboard",
    "transfer",
    "download",
)

# they lie in the folder of what they are about
CARDS = {"series_card": "series_encoder", "image_card": "image_encoder"}

# they are of the whole project, not of one workspace
PROJECT_WIDE = {"leaderboard.task_tables", "leaderboard.project", "leaderboard.results"}


@cache
def load_project(environment):
    """Configuration and catalog, which take seconds to make; a loader reads its files each time."""
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env=environment) as session:
        context = session.load_context()
        loader = context.config_loader
        return {name: loader[name] for name in ("parameters", "globals")}, context.catalog


def stage_outputs(stage):
    whole = PIPELINES["__default__"] + PIPELINES["ablation"] + PIPELINES["transfer"]
    whole += PIPELINES["download"]
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
        folder = rf"data/0\d_{layer}/\$\{{globals:workspace\}}/"
        assert re.fullmatch(rf"{folder}{re.escape(CARDS.get(name, name))}(\.\w+)?", where)


def declared(stage=None):
    """Entries of base by name; patterns hold braces."""
    files = f"catalog_{stage}.yml" if stage else "catalog*.yml"
    paths = sorted((PROJECT / "conf/base").glob(files))
    return {name for path in paths for name in yaml.safe_load(path.read_text())}


def test_every_entry_and_every_pattern_is_used():
    used = set().union(*(datasets_of(pipeline) for pipeline in PIPELINES.values()))
    patterns = {name for name in declared() if "{" in name}
    assert declared() - patterns <= used
    for pattern in patterns:
        assert any(parse(pattern, name) for name in used), pattern


def test_entries_stand_in_the_file_of_the_stage_that_makes_them():
    for stage in STAGES:
        raw = {"scenes", "land_cover.files", "unpaired_images"}
        given = {*raw, "checkpoints", "download_folder", "transfer.other_corpus", *PROJECT_WIDE}
        assert declared(stage) - given <= stage_outputs(stage)


@pytest.mark.parametrize(
    ("name", "type_", "file"),
    [
        ("forecasting.leads", "CSVDataset", "08_reporting/simulated/forecasting.leads.csv"),
        ("ablation.scores", "CSVDataset", "08_reporting/simulated/ablation.scores.csv"),
        (
            "transfer.variant_figure",
            "MatplotlibDataset",
            "08_reporting/simulated/transfer.variant_figure.png",
        ),
        ("land_cover.results", "ArmResults", "07_model_output/simulated/land_cover.results"),
        ("forecasting.encoders", "EncodersByKey", "06_models/simulated/forecasting.encoders"),
        ("forecasting.windows", "Record", "05_model_input/simulated/forecasting.windows"),
        ("land_cover_metrics", "TrackedMetrics", "08_reporting/simulated/land_cover_metrics.json"),
    ],
)
def test_what_a_task_writes_is_found_by_pattern(name, type_, file):
    dataset = load_project("base")[1].get(name)
    assert type_ in {each.__name__ for each in type(dataset).__mro__}
    described = dataset._describe()
    assert str(described.get("filepath") or described["path"]).endswith(f"data/{file}")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_loads_and_has_a_workspace_of_its_own(environment):
    loader, catalog = load_project(environment)
    assert all(name in catalog for name in datasets_of(PIPELINES["__default__"]))
    workspace = loader["globals"]["workspace"]
    assert workspace == {"base": "simulated"}.get(environment, environment)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_shipped_pretraining_can_be_built(environment):
    given = load_project(environment)[0]["parameters"]["pretraining"]
    terms = PretrainingOptions(**given).objective.terms
    expected = {"points": {"series"}, "shipped": {"series"}, "eurosat": {"pair", "image"}}
    expected["paper"] = {"pair"}
    assert set(terms) == expected.get(environment, {"pair", "series"})


def test_parameters_of_the_catalog_are_those_of_the_environment():
    base, stack = (
        OmegaConfigLoader(str(PROJECT / "conf"), env=name, base_env="base")
        for name in ("base", "stack")
    )
    assert parameter_sources(base) == {"like", "seed"}
    base, stack = catalog_parameters(base), catalog_parameters(stack)
    assert base["scenes"] == {"patches", "size", "seed"}
    assert not any("root" in names for names in base.values())
    labels = {"labels", "label_column", "label_layer", "label_crs", "seed"}
    assert stack["scenes"] == {"root", "offset", *labels}


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
        "heavy = {'torch', 'lightning', 'pyts', 'numba', 'rasterio', 'sklearn', 'distributed'};"
        "heavy &= set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_the_package_reads_is_shipped_with_it():
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    shipped = settings["tool"]["setuptools"]["package-data"]["pimc"]
    files = [path for path in (PROJECT / "src/pimc").rglob("*") if path.is_file()]
    # Python and numba keep what they compile
    made = (".py", ".pyc", ".nbi", ".nbc")
    data = {path for path in files if path.suffix not in made}
    assert data == {path for path in data if any(path.match(glob) for glob in shipped)}


def differences(options, given, where):
    """Options whose shipped value is not the default of their dataclass."""
    for name, value in given.items():
        default = getattr(options, name)
        if isinstance(value, dict) and is_dataclass(default):
            yield from differences(default, value, f"{where}.{name}")
        elif default != (tuple(value) if isinstance(value, list) else value):
            yield f"{where}.{name}: {default} in the code, {value} in conf/base"


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("pretraining", PretrainingOptions),
        ("recurrence", RecurrenceOptions),
        ("calendar", CalendarOptions),
        ("sampling", SamplingOptions),
        ("screening", ScreeningOptions),
        ("folds", FoldOptions),
        ("card", CardOptions),
        ("download", DownloadOptions),
        ("pixel_classification", PixelClassificationOptions),
        ("forecasting", ForecastingOptions),
        ("land_cover", LandCoverOptions),
    ],
)
def test_a_default_is_one_in_the_code_and_in_the_parameters(group, kind):
    given = dict(load_project("base")[0]["parameters"][group])
    protocol = {
        name: given.pop(name) for name in ("arms", "efforts", "references") if name in given
    }
    shipped = {name: protocol[name] for name in ("arms", "efforts")} if protocol else {}
    assert not list(differences(kind(**shipped), given, group))


def test_environments_of_own_images_share_their_parameters():
    given = []
    for environment in ("stack", "cube", "stac"):
        text = (PROJECT / f"conf/{environment}/parameters_{environment}.yml").read_text()
        given.append(yaml.safe_load(text))
    assert given[0] == given[1] == given[2]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_card_lies_beside_the_encoder_of_its_environment(environment):
    catalog = load_project(environment)[1]
    for card, encoder in CARDS.items():
        assert catalog[card]._describe() == catalog[encoder]._describe()


@pytest.mark.parametrize("environment", ["pastis", "eurosat"])
def test_what_is_downloaded_lies_where_the_environment_reads_it(environment):
    loader, catalog = load_project(environment)
    files = DownloadOptions(**loader["parameters"]["download"]).files
    assert all(each.url.startswith("https://") for each in files.values())
    reader = {"pastis": "scenes", "eurosat": "land_cover.files"}[environment]
    assert str(catalog["download_folder"].load()).endswith(loader["globals"]["root"])
    read = catalog[reader]._describe()
    assert read.get("path", read.get("root")) == str(catalog["download_folder"].load())
    if environment == "eurosat":
        names = {each.name: each.checksum for each in files.values()}
        assert {name for each in LIST_SETS.values() for name in each.files} < set(names)
        for name, digest in zip(
            LIST_SETS["spatial"].files, LIST_SETS["spatial"].sha256, strict=True
        ):
            assert names[name] == f"sha256:{digest}"
