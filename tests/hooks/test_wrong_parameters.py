"""Whatever is wrong in the parameters is told before the first node, by its full name."""

import copy
from functools import cache
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines as project_pipelines
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.validation import ParameterValidationError
from kedro.validation.parameter_validator import ParameterValidator
from kedro.validation.type_extractor import TypeExtractor

from pimc.hooks.parameters import check_given, check_read

PROJECT = Path(__file__).parents[2]
NAN, INFINITE = float("nan"), float("inf")
WRONG = {
    "seed": [-1, 2**32, 1.5, "one", True],
    "indices": [["FOO"], ["NDVI", "NDVI"], "NDVI", [3]],
    "folds.train": [[1, 2, 9], [4], "all"],
    "folds.validation": [[]],
    "calendar.step": [0, 7.5, NAN],
    "calendar.start": ["15-09", 915],
    "calendar.seasons": ["none", 0],
    "calendar.lenght": [61],
    "calendar.length": [0, 10**9, 5],  # a context is longer than the last
    "calendar.min_observations": [0],
    "sampling.pixels_per_patch": [0, 2.5, "all"],
    "sampling.margin": [-1],
    "screening.brightening": [NAN, 0, "bright"],
    "screening.window": [INFINITE],
    "recurrence.kind": ["levels", None],
    "recurrence.threshold": [NAN, "low"],
    "recurrence.softness": [INFINITE, 0],
    "recurrence.validity": ["no"],
    "recurrence.dimension": [0, 62],
    "recurrence.percentile": [101, -1],
    "pretraining.temperature": [NAN, 0, -1, "warm"],
    "pretraining.temprature": [0.2],
    "pretraining.seed": [-1],
    "pretraining.accelerator": ["tpuu"],
    "pretraining.precision": ["8"],
    "pretraining.devices": [0, "two", 1.5, 3],
    "pretraining.nodes": [0, True],
    "pretraining.preset": ["huge"],
    "pretraining.max_epochs": [0, 2.5],
    "pretraining.progress_bar": ["no"],
    "pretraining.batch.size": [1, "256"],
    "pretraining.batch.seed": [-1],
    "pretraining.crop.gain": [NAN, -1],
    "pretraining.crop.turns": ["no", 1],
    "pretraining.series.masking": [1.5, NAN],
    "pretraining.view.shift": [INFINITE],
    "pretraining.objective.loss": ["infoNCE"],
    "pretraining.objective.pair": [NAN],
    "pretraining.objective.mask.share": [NAN],
    "pretraining.optimiser.learning_rate": ["1e-3", NAN],
    "pretraining.optimiser.weight_decay": [INFINITE],
    "pixel_classification.effort": ["quik"],
    "pixel_classification.resamples": [0, NAN],
    "pixel_classification.seed": [-1],
    "pixel_classification.arms.forest.kind": ["wood"],
    "pixel_classification.arms.forest.input": ["everything"],
    "pixel_classification.arms.forest.leaf": [["a"], 3],
    "pixel_classification.arms.forest.leaves": [[1]],
    "pixel_classification.arms.cnn1d.learning_rate": [NAN, "fast"],
    "pixel_classification.arms.cnn1d.label_smoothing": [NAN],
    "pixel_classification.arms.cnn1d.epoch": [3],
    "pixel_classification.arms.peer": [
        {"kind": "linear", "input": "embeddings"},
        {"kind": "linear", "input": "embeddings", "file": "/nowhere.npz"},
    ],
    "pixel_classification.arms.a/b": [{"kind": "forest"}],
    "pixel_classification.device": ["gpu", "cuda:x"],
    "pixel_classification.references": [["nobody"]],
    "mapping.block": [7],
    "mapping.like": ["r1", "x"],
    "mapping.smoothing": [2],
    "leaderboard.workspaces": ["simulated"],
    "pixel_classification.efforts.quick.rotations": [9],
    "pixel_classification.efforts.quick.max_train": [0],
    "forecasting.window": [
        {"context": 60, "horizon": 5},
        {"context": 0, "horizon": 2},
        1.5,
        "x",
    ],
    "forecasting.targets": [["EVI9"], ["B11"], ["NDVI", "NDVI"]],
    "forecasting.arms.ridge.penalty": [["big"]],
    "forecasting.arms.ridge.bases": [["climate"]],
    "forecasting.arms.persistence.epochs": [3],
    "land_cover.arms.scratch.augmentation": [3],
    "land_cover.arms.scratch.augmentation.shift": [-1, 0.5],
    "land_cover.arms.scratch.epochs": [0],
    "ablation.variants.paper.pretraining": [{"seed": -1}, {"tempratur": 1}, {"temperature": NAN}],
    "pixel_classification.arms.fine_tune.budgets": ["", "all", 7, {}, []],
    "ablation.probe.budgets": [""],
    "ablation.efforts": [{}],
    "land_cover.arms": [{}],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@cache
def shipped():
    bootstrap_project(PROJECT)
    options = {"base_env": "base", "default_run_env": "local"}
    return OmegaConfigLoader(str(PROJECT / "conf"), **options)["parameters"]


@cache
def extractor():
    shipped()
    return Known(dict(project_pipelines))


class Known(TypeExtractor):
    """Looks at the nodes once."""

    @cache  # noqa: B019  there are two, for all tests
    def extract_types_from_pipelines(self):
        return super().extract_types_from_pipelines()


@cache
def everything():
    """All that is run by itself, the ablation and maps; what checks their parameters."""
    extractor()
    names = ("__default__", "ablation", "map")
    pipeline = sum((project_pipelines[name] for name in names), Pipeline([]))
    validator = ParameterValidator({})
    validator.type_extractor = Known({"all": pipeline})
    return pipeline, validator


def start(parameters):
    """What a run does before its first node."""
    check_given(parameters, extractor())
    pipeline, validator = everything()
    built = validator.validate_raw_params(parameters)
    check_read(pipeline, DataCatalog({f"params:{k}": MemoryDataset(v) for k, v in built.items()}))
    return built


def changed(name, value):
    """The shipped parameters, one of them another."""
    parameters = copy.deepcopy(shipped())
    *groups, last = name.split(".")
    group = parameters
    for each in groups:
        group = group.setdefault(each, {})
    group[last] = value
    return parameters


def told(error, name, value):
    """By its full name, or that of one near by which it does not fit: either may be wrong."""
    group, _, last = name.rpartition(".")
    text, near = str(error), ".".join(group.split(".")[:3])
    if f"{group or 'parameter'} has no option {last}" in text or name in text:
        return True
    taken_out = value is None and repr(last) in text  # while another names it
    return taken_out or repr(value) in text or ("." in near and near in text)


def test_what_ships_is_right():
    start(shipped())


@pytest.mark.parametrize(("name", "value"), CASES)
def test_what_is_wrong_is_told_by_its_name(name, value):
    with pytest.raises((ValueError, ParameterValidationError)) as told_of:
        start(changed(name, value))
    assert told(told_of.value, name, value)


def test_gpus_that_are_not_there_are_told_before_the_first_node(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    start(changed("pretraining.devices", 2))
    with pytest.raises(ValueError, match=r"pretraining.devices is 4 .* this machine has 2 GPUs"):
        start(changed("pretraining.devices", 4))
