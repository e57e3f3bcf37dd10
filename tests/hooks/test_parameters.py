"""Which parameters the configuration reads, as Kedro finds it."""

import os

import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node

from pimc.data.atomic import DiskError
from pimc.hooks.parameters import (
    ParameterCheck,
    catalog_parameters,
    find_entry,
    parameter_sources,
)

ENTRY = "{name}:\n  type: pandas.CSVDataset\n  filepath: '${{runtime_params:{parameter}, x.csv}}'\n"


@pytest.fixture
def conf(tmp_path):
    folder = tmp_path / "my conf"  # with a space
    for name, text in {
        "base/catalog.yml": ENTRY.format(name="scenes", parameter="patches"),
        "base/catalog/nested/more.yaml": ENTRY.format(name="maps", parameter="deep.root"),
        "base/parameters.yml": "seed: 0\nsize: ${runtime_params:side, 3}\n",
        "base/parameters_model.yml": "model: {seed: '${seed}', width: '${size.inner}'}\n",
        "local/catalog_mine.yml": "# my own entries will come here\n",
        "stack/catalog.yml": ENTRY.format(name="scenes", parameter="root"),
        "stack/.hidden/catalog.yml": ENTRY.format(name="hidden", parameter="hidden"),
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def loader(conf, environment=None):
    return OmegaConfigLoader(str(conf), env=environment, base_env="base", default_run_env="local")


def test_nested_files_are_read_and_empty_ones_hold_nothing(conf):
    assert catalog_parameters(loader(conf)) == {"scenes": {"patches"}, "maps": {"deep"}}


def test_an_environment_hides_entries_of_base(conf):
    assert catalog_parameters(loader(conf, "stack")) == {"scenes": {"root"}, "maps": {"deep"}}


def test_personal_settings_are_those_of_a_run_without_an_environment(conf):
    (conf / "local/catalog.yml").write_text(ENTRY.format(name="scenes", parameter="mine"))
    assert catalog_parameters(loader(conf))["scenes"] == {"mine"}
    assert catalog_parameters(loader(conf, "stack"))["scenes"] == {"root"}


def test_parameters_that_others_are_made_of(conf):
    assert parameter_sources(loader(conf)) == {"seed", "size", "side"}


def test_an_unknown_environment_is_named_beside_those_that_there_are(conf):
    with pytest.raises(ValueError, match=r"no environment 'stak': .* folders base, local, stack"):
        catalog_parameters(loader(conf, "stak"))


def test_a_dataset_of_a_pattern_comes_from_the_pattern():
    entry = {"type": "pandas.CSVDataset", "filepath": "{task}.csv"}
    own = {"type": "pandas.CSVDataset", "filepath": "own.csv"}
    catalog = DataCatalog.from_config({"{task}.scores": entry, "transfer.scores": own})
    assert find_entry("forecasting.scores", catalog) == "{task}.scores"
    assert find_entry("transfer.scores", catalog) == "transfer.scores"
    assert find_entry("pixels", catalog) == "pixels"


def test_what_cannot_be_written_is_told_before_anything_is_made(tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir()
    file = {"type": "pandas.CSVDataset", "filepath": f"{closed}/new/table.csv"}
    catalog = DataCatalog.from_config({"table": file})
    pipeline = Pipeline([node(lambda: None, None, ["table", "in memory"])])
    ParameterCheck().before_pipeline_run({}, pipeline, catalog)
    assert not list(closed.iterdir())
    monkeypatch.setattr(os, "access", lambda path, mode: path != closed)
    with pytest.raises(DiskError, match=r"cannot write .*closed/new/table\.csv: .*read-only"):
        ParameterCheck().before_pipeline_run({}, pipeline, catalog)
